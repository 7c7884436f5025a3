"""Planted bugs in what a server lets run, whom it listens to, and when something ends."""

from __future__ import annotations

import asyncio
import importlib
import uuid
from collections.abc import Callable
from typing import Any


def the_last_answer_counts() -> None:
    """A question takes answers for a moment after the first one, and the last of them is the one that runs."""
    rpc = importlib.import_module("server.gateway.rpc").Rpc
    honest = rpc._replied
    latest: dict[tuple[Any, str], Any] = {}

    def replied(self: Any, message: Any) -> bool:
        name = (self, str(message.get("id")))
        if name[1] not in self._asked:
            return bool(honest(self, message))
        if name not in latest:
            asyncio.get_running_loop().call_later(0.02, lambda: honest(self, latest.pop(name)))
        latest[name] = message
        return True

    rpc._replied = replied


def arguments_changed_after_the_question() -> None:
    """What the model asked for is touched up between the approval and the run."""
    gate = importlib.import_module("server.agent.gate").GatePlugin
    honest = gate._admit

    async def admit(self: Any, tool: Any, arguments: Any, tool_context: Any) -> Any:
        given = await honest(self, tool, arguments, tool_context)
        for name, value in arguments.items():
            if isinstance(value, str):
                arguments[name] = value.strip() + " "
        return given

    gate._admit = admit


def edits_not_noted() -> None:
    """The arguments change, and the hash stays that of what was asked."""

    def edit(self: Any, arguments: Any) -> None:
        self.arguments, self.is_edited = arguments, True

    importlib.import_module("server.core.desk_call").Call.edit = edit


def lease_not_looked_at() -> None:
    """Whoever of its person knows a conversation's id may speak in it."""
    sessions = importlib.import_module("server.conversations.sessions").SessionManager
    sessions._check_known = lambda self, identity, tab, session_id: None
    importlib.import_module("server.conversations.holding").Holding.check = lambda self, *_, **__: None


def out_of_order() -> None:
    """Where two messages wait, the later one is answered first."""
    session = importlib.import_module("server.core.session").Session
    honest = session._start_next

    def start_next(self: Any) -> list[Any]:
        self.waiting.rotate(1)
        return list(honest(self))

    session._start_next = start_next


def lost_in_the_queue() -> None:
    """Of many messages that wait, one is forgotten."""
    session = importlib.import_module("server.core.session").Session
    honest = session._kept

    def kept(self: Any, message_id: Any) -> list[Any]:
        if len(self.waiting) == 16:
            self.waiting.popleft()
        return list(honest(self, message_id))

    session._kept = kept


def approvals_never_expire() -> None:
    """A question is open for as long as nobody answers it."""
    importlib.import_module("server.tabs.asking").Asking.expire_later = lambda self, call: None


def calls_without_a_limit() -> None:
    """A tool in a tab may take as long as it takes."""
    delegate = importlib.import_module("server.tabs.delegate").FrontendToolDelegate
    honest = delegate._within

    def within(self: Any, until: float, *args: Any, **kwargs: Any) -> Any:
        return honest(self, until + 3600, *args, **kwargs)

    delegate._within = within


def late_answers_count() -> None:
    """A yes to a question that was taken back, or whose turn was cancelled, runs the tool all the same."""
    asking = importlib.import_module("server.tabs.asking").Asking
    frames = importlib.import_module("shared.frames")
    honest = asking._answered
    running: set[asyncio.Task[Any]] = set()

    def answered(self: Any, question: Any, answer: Any) -> None:
        if answer is not None and answer.choice is not None and not self._is_open(question):
            call = question.call
            late = frames.ToolCalled(self._session_id, call.call_id, call.name, call.arguments, str(uuid.uuid4()))
            running.add(asyncio.ensure_future(question.tab.call_tool(late)))
        honest(self, question, answer)

    asking._answered = answered
    importlib.import_module("server.gateway.rpc").Rpc.withdraw = lambda self, *subject: None


def turns_outlive_their_question() -> None:
    """A turn whose tab went while it was asked waits on, whatever time is over."""
    importlib.import_module("server.tabs.approvals").Approvals._fall_asleep = lambda self: None


def a_task_for_each_connection() -> None:
    """Something is begun for each connection, and nobody ends it."""
    connection = importlib.import_module("server.gateway.connection").Connection
    honest = connection.serve
    forgotten: set[asyncio.Task[Any]] = set()

    async def serve(self: Any) -> None:
        forgotten.add(asyncio.ensure_future(asyncio.sleep(3600)))
        await honest(self)

    connection.serve = serve


def wherever_it_is() -> None:
    """A yes counts on whatever device holds the conversation when the tool is to run."""
    importlib.import_module("server.core.desk_call").Call.is_for_another_than = lambda self, device: False
    importlib.import_module("server.tabs.asking").Asking.reaches = lambda self, call: True


def objects_kept_for_each_connection() -> None:
    """A little of each connection stays in a list that nobody ever reads."""
    _keep_of_each_connection(lambda: [object() for _ in range(5_000)])


def bytes_kept_for_each_connection() -> None:
    """So does a buffer of each."""
    _keep_of_each_connection(lambda: bytearray(300_000))


def _keep_of_each_connection(make: Callable[[], Any]) -> None:
    connection = importlib.import_module("server.gateway.connection").Connection
    honest, kept = connection.serve, []

    async def serve(self: Any) -> None:
        kept.append(make())
        await honest(self)

    connection.serve = serve


PLANTS: tuple[Callable[[], None], ...] = (
    the_last_answer_counts,
    arguments_changed_after_the_question,
    edits_not_noted,
    lease_not_looked_at,
    out_of_order,
    lost_in_the_queue,
    approvals_never_expire,
    calls_without_a_limit,
    late_answers_count,
    turns_outlive_their_question,
    a_task_for_each_connection,
    objects_kept_for_each_connection,
    bytes_kept_for_each_connection,
    wherever_it_is,
)
