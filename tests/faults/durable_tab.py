"""A tab that does what a good client must: it comes back, resumes, sends again, runs each claim once, and watches.

::

    keep ──► connect ─► introduce ─► new | resume ─► send what was not acknowledged ─► listen ─┐
      ▲                                                                                       │
      └───────────────────────────── the line broke, the server died ◄────────────────────────┘
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from shared.acp_names import (
    META_CLAIM,
    META_LAST_SEQ,
    META_LEASE_SECRET,
    META_MESSAGE_ID,
    META_REPLAY,
    META_SEQ,
    META_TAKE_OVER,
    METHOD_ANSWER_RESTARTED,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_MOVED,
    METHOD_NOTICE,
    METHOD_TOOL_CALL,
    METHOD_TURN_ENDED,
)
from tests.faults.device_journal import DeviceJournal
from tests.journeys.raw_tab import Message, RawTab

PATIENCE = 30.0
PAUSE = 0.01
"""Before it is tried again to connect, in seconds."""
SEQUENCED = {f"_{METHOD_TURN_ENDED}", f"_{METHOD_ANSWER_RESTARTED}"}
UNKNOWN_SESSION, HELD = -32011, -32010
LOST = (OSError, InvalidHandshake, ConnectionClosed, TimeoutError)


@dataclass
class Address:
    """Where the server is; empty while there is none."""

    url: str = ""
    token: str = ""


@dataclass
class Question:
    """One approval as it was shown on one visit."""

    call_id: str
    visit: int
    seconds: float
    """After the visit's connection was made."""
    frame: Message
    answer: str | None = None
    is_withdrawn: bool = False


@dataclass
class Seen:
    """What the tab knows of its conversation; a good client keeps it."""

    session_id: str = ""
    secret: str = ""
    seq: int = 0
    transcript: list[Message] = field(default_factory=list)
    """``{"method", "params"}`` of all that is part of the sequence."""


class Visit(RawTab):
    """One connection of a durable tab."""

    def __init__(self, websocket: ClientConnection, owner: DurableTab, number: int) -> None:
        super().__init__(websocket, owner.name)
        self.owner, self.number = owner, number
        self.patience = PATIENCE
        self.begun = asyncio.get_running_loop().time()

    async def listen(self) -> None:
        try:
            await super().listen()
        except ConnectionClosed:
            pass
        finally:
            for waiting in self.answers.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("The connection is gone."))
                    waiting.exception()

    async def _hear(self, frame: Message) -> None:
        self.owner.hear(self, frame)
        if "id" in frame and "method" not in frame:
            waiting = self.answers.get(frame["id"])
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)


def approve_all(_: Message) -> str | None:
    return "allow_once"


class DurableTab:
    """``where`` is read anew at each connect. ``decide`` gives the answer to a question, ``None`` to leave it open."""

    def __init__(self, name: str, folder: Path, where: Address) -> None:
        self.name = name
        self.where = where
        self.journal = DeviceJournal(folder, name)
        self.seen = Seen()
        self.visit: Visit | None = None
        self.visits = 0
        self.said: dict[str, str] = {}
        self.acknowledged: dict[str, int] = {}
        self.ended: dict[str, str] = {}
        self.refused: list[Message] = []
        self.questions: list[Question] = []
        self.approved: set[str] = set()
        self.notices: list[str] = []
        self.moved: list[Message] = []
        self.wrongs: list[str] = []
        self.recovered = 0
        """How many updates came by a replay."""
        self.decide: Callable[[Message], str | None] = approve_all
        self.use_tool: Callable[[Message, Callable[[], None]], Awaitable[Message]] = use_at_once
        self.loads = False
        """Whether it comes back with ``session/load``, as a program does that was started anew."""
        self.takes_over = False
        self.schema: Message = {}
        """Of each tool, if not its own."""
        self.stays_away = False
        self.is_mute = False
        """Whether it reports nothing of what its tools gave."""
        self._using: dict[str, asyncio.Task[Message]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._news = asyncio.Event()

    # --- what it says -------------------------------------------------------------------------------------

    def say(self, message_id: str, text: str) -> None:
        """Send a message now or as soon as there is a connection, until it is acknowledged."""
        self.said[message_id] = text
        if self.visit is not None:
            self._own(self._prompt(self.visit, message_id))

    def answer_all(self, option: str) -> int:
        """Answer what is open on this visit; the number answered."""
        still = [question for question in self.open_questions if question.answer is None]
        for question in still:
            self.answer(question, option)
        return len(still)

    def answer(self, question: Question, option: str) -> None:
        question.answer = option
        if option.startswith("allow"):
            self.approved.add(question.call_id)
        assert self.visit is not None
        self._own(self.visit.answer(question.frame, option))

    @property
    def open_questions(self) -> list[Question]:
        """What this visit was asked and has not answered."""
        number = -1 if self.visit is None else self.visit.number
        return [q for q in self.questions if q.visit == number and q.answer is None and not q.is_withdrawn]

    def break_off(self) -> None:
        """The connection ends without a word; the device lives on."""
        if self.visit is not None:
            self.visit.websocket.transport.abort()

    def die(self) -> None:
        """As if the program were killed: what runs is not ended, and only the disk is left."""
        for task in self._using.values():
            task.cancel()
        self._using.clear()
        self.break_off()

    @property
    def is_using(self) -> bool:
        """Whether a tool runs here."""
        return any(not task.done() for task in self._using.values())

    async def until(self, true: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until ``true()``; it is asked again at all that this tab hears."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    self._news.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.25):
                            await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} waited in vain: {self}") from None

    def __str__(self) -> str:
        last = [entry["params"] for entry in self.seen.transcript[-3:]]
        waiting = [name for name in self.said if name not in self.ended]
        return f"visits {self.visits}, unended {waiting}, seq {self.seen.seq}, wrongs {self.wrongs}, last {last}"

    # --- its life -----------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Connect, and again whenever the connection ends, until cancelled."""
        try:
            while True:
                if self.where.url and not self.stays_away:
                    with suppress(*LOST):
                        await self._be_there()
                await asyncio.sleep(PAUSE)
        finally:
            for task in (*self._tasks, *self._using.values()):
                task.cancel()

    async def _be_there(self) -> None:
        headers = {"Authorization": f"Bearer {self.where.token}"}
        connecting = connect(
            self.where.url, additional_headers=headers, compression=None, proxy=None, open_timeout=5, close_timeout=0.2
        )
        async with connecting as websocket:
            self.visits += 1
            visit = Visit(websocket, self, self.visits)
            listening = asyncio.create_task(visit.listen())
            try:
                visit.schema = self.schema
                await visit.introduce()
                self.visit = visit
                await self._open(visit)
                for message_id in self.said:
                    if message_id not in self.acknowledged and message_id not in self.ended:
                        self._own(self._prompt(visit, message_id))
                await listening
            finally:
                self.visit = None
                listening.cancel()
                await asyncio.wait({listening})
                self._news.set()

    async def _open(self, visit: Visit) -> None:
        params: Message = {"cwd": "/", "mcpServers": []}
        if not self.seen.session_id:
            answer = await visit.request("session/new", params)
            self.seen = Seen(session_id=answer["result"]["sessionId"])
        else:
            meta: Message = {META_LEASE_SECRET: self.seen.secret}
            if self.takes_over:
                meta[META_TAKE_OVER] = True
            if self.loads:
                self.seen.transcript, self.seen.seq = [], 0
            else:
                meta[META_LAST_SEQ] = self.seen.seq
            params |= {"sessionId": self.seen.session_id, "_meta": meta}
            answer = await visit.request("session/load" if self.loads else "session/resume", params)
        if "error" in answer:
            self._refused(answer["error"])
            return
        meta = answer["result"]["_meta"]
        if META_LEASE_SECRET in meta:
            self.seen.secret = meta[META_LEASE_SECRET]
        if meta.get(META_REPLAY) == "gap":
            self.wrongs.append("the server has less than this tab was told")

    def _refused(self, error: Message) -> None:
        self.refused.append(error)
        if error["code"] == UNKNOWN_SESSION:
            if self.acknowledged:
                self.wrongs.append("the conversation is unknown, and messages of it were acknowledged")
            self.seen = Seen()
        elif error["code"] != HELD:
            self.wrongs.append(f"not let in again: {error}")
        raise ConnectionError(error["message"])

    async def _prompt(self, visit: Visit, message_id: str) -> None:
        params = {
            "sessionId": self.seen.session_id,
            "prompt": [{"type": "text", "text": self.said[message_id]}],
            "_meta": {META_MESSAGE_ID: message_id},
        }
        visit.patience = 10 * PATIENCE
        with suppress(*LOST):
            answer = await visit.request("session/prompt", params)
            if "error" in answer:
                self.refused.append(answer["error"])
            self._news.set()

    # --- what it hears ------------------------------------------------------------------------------------

    def hear(self, visit: Visit, frame: Message) -> None:
        params = frame.get("params", {})
        method = frame.get("method")
        if method == "session/update" and META_SEQ in params.get("_meta", {}):
            self._take(params["_meta"][META_SEQ], frame)
        elif method in SEQUENCED:
            self._take(params["seq"], frame)
        elif method == "session/request_permission":
            self._be_asked(visit, frame)
        elif method == f"_{METHOD_TOOL_CALL}":
            self._own(self._use(visit, frame))
        elif method == f"_{METHOD_APPROVAL_WITHDRAWN}":
            for question in self.questions:
                if question.call_id == params["toolCallId"] and question.visit == visit.number:
                    question.is_withdrawn = True
        elif method == f"_{METHOD_NOTICE}":
            self.notices.append(params["message"])
        elif method == f"_{METHOD_MOVED}":
            self.moved.append(params)
        self._news.set()

    def _take(self, seq: int, frame: Message) -> None:
        if frame["params"]["sessionId"] != self.seen.session_id:
            self.wrongs.append(f"an update of another conversation came: {frame}")
            return
        if seq != self.seen.seq + 1:
            self.wrongs.append(f"update {seq} came after {self.seen.seq}")
        self.seen.seq = seq
        self.seen.transcript.append({"method": frame["method"], "params": frame["params"]})
        update = frame["params"].get("update", {})
        if update.get("sessionUpdate") == "user_message_chunk":
            self.acknowledged[update["_meta"][META_MESSAGE_ID]] = seq
        if frame["method"] == f"_{METHOD_TURN_ENDED}":
            params = frame["params"]
            self.ended[params["messageId"]] = params["stopReason"] if "error" not in params else str(params["error"])

    def _be_asked(self, visit: Visit, frame: Message) -> None:
        seconds = asyncio.get_running_loop().time() - visit.begun
        question = Question(frame["params"]["toolCall"]["toolCallId"], visit.number, seconds, frame)
        if frame["params"]["sessionId"] != self.seen.session_id:
            self.wrongs.append(f"asked about another conversation: {frame}")
        if any(q.visit == visit.number and q.call_id == question.call_id for q in self.questions):
            self.wrongs.append(f"{question.call_id} was asked twice on one visit")
        self.questions.append(question)
        option = self.decide(frame)
        if option is not None:
            question.answer = option
            if option.startswith("allow"):
                self.approved.add(question.call_id)
            self._own(visit.answer(frame, option))

    async def _use(self, visit: Visit, frame: Message) -> None:
        params = frame["params"]
        claim = params["_meta"][META_CLAIM]
        if params["toolCallId"] not in self.approved:
            self.wrongs.append(f"{params['toolCallId']} was to run, and nobody allowed it")
        using = self._using.get(claim)
        if using is None:
            known = self.journal.known(claim)
            if known is None:
                using = self._using[claim] = asyncio.create_task(self._run(claim, params))
            else:
                await self._report(visit, frame, known)
                return
        await asyncio.wait({using})
        if not using.cancelled():
            await self._report(visit, frame, using.result())

    async def _run(self, claim: str, params: Message) -> Message:
        self.journal.begin(claim)
        result = await self.use_tool(params, lambda: self.journal.run(params["toolCallId"], claim))
        self.journal.finish(claim, result)
        return result

    async def _report(self, visit: Visit, frame: Message, result: Message) -> None:
        if not self.is_mute:
            await visit.send(json.dumps({"jsonrpc": "2.0", "id": frame["id"], "result": {"result": result}}))

    def _own(self, work: Any) -> None:
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(work: Awaitable[Any]) -> None:
    with suppress(*LOST):
        await work


async def use_at_once(params: Message, run: Callable[[], None]) -> Message:
    """Have the side effect, and be done."""
    run()
    return {"success": True, **params["arguments"]}


@asynccontextmanager
async def living(*tabs: DurableTab) -> AsyncIterator[None]:
    """Tabs that connect again and again, until the end."""
    tasks = [asyncio.create_task(tab.keep(), name=tab.name) for tab in tabs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.sleep(0)
