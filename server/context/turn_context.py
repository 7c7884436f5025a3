"""The turn context: one record in one ContextVar, bound where a turn starts and reset where it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NoReturn

from server.context.session_context import SessionContext
from server.core.identity import Identity
from server.spending import Spending
from server.state.shared_state import SharedState
from server.tabs.approvals import Approvals
from server.tabs.delegate import FrontendToolDelegate
from shared.ids import ConnectionSignature, MessageId, SessionId
from shared.todos import Todo
from shared.usage import TokenUsage


@dataclass(frozen=True, slots=True)
class Told:
    """What the tab was told of the answer before the turn stopped, void pieces left out."""

    said: str = ""
    thought: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TurnContext:
    """What belongs to one turn alone, and the way to the conversation that it is a turn of.

    ``identity`` is the person who acts. ``loop`` is the event loop that the turn runs on, for tools in threads.
    ``room`` waits while the tab reads too slowly,
    but not beyond ``abort``, which is set to end the turn early. ``plan`` keeps and shows a new list of todos.
    ``told`` is there when the turn was begun before and goes on.
    """

    session: SessionContext
    message_id: MessageId
    text: str
    delegate: FrontendToolDelegate
    approvals: Approvals
    shared_state: SharedState
    spending: Spending
    room: Callable[[], Awaitable[None]]
    plan: Callable[[tuple[Todo, ...]], Awaitable[None]]
    told: Told | None = None
    abort: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    @property
    def identity(self) -> Identity:
        """The person who acts in this turn: whose conversation it is."""
        return self.session.identity

    @property
    def session_id(self) -> SessionId:
        """The conversation's id."""
        return self.session.session_id

    @property
    def client_identifier(self) -> ConnectionSignature:
        """The signature of the connection that asked for this turn."""
        return self.delegate.client_identifier

    def count(self, used: TokenUsage) -> None:
        """Count what one answer of the model used: for this turn, its conversation and its person."""
        self.spending.add(used)
        self.session.usage += used

    def catch_up(self, used: TokenUsage) -> None:
        """The turn used ``used`` before it stopped: count what a crash kept out of the books."""
        self.count(used.beyond(self.spending.before))

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: another process has no part in a turn.

        Raises:
            TypeError: always, with a sentence.
        """
        raise TypeError(
            "A turn's context does not go to another process. Give the process the values that it needs, "
            "and use the context where they come back."
        )


@dataclass(slots=True)
class _Binding:
    """What the ContextVar holds: copies of a context outlive their turn, in timers and tasks, and must not keep it."""

    turn: TurnContext | None


_turn: ContextVar[_Binding] = ContextVar("ringback_turn")
_fallback: list[Callable[[], TurnContext]] = []


def current_turn() -> TurnContext:
    """The turn that the running task, or a thread given its context, belongs to.

    Raises:
        LookupError: when no turn is bound here, with a sentence that says why.
    """
    try:
        turn = _turn.get().turn
    except LookupError:
        if _fallback:
            return _fallback[-1]()
        raise LookupError(
            "No turn is bound here: this runs outside of a turn, or in a thread that did not get the turn's context "
            "(use asyncio.to_thread, Ringback's ContextThreadPool, or copy_context().run with another executor)."
        ) from None
    if turn is None:
        raise LookupError("The turn that this belongs to is over: whatever goes on after it has to do without.")
    return turn


@contextmanager
def bound(turn: TurnContext) -> Iterator[None]:
    """Bind ``turn`` for the block, and for all tasks and context-carrying threads begun in it."""
    binding = _Binding(turn)
    token = _turn.set(binding)
    try:
        yield
    finally:
        binding.turn = None
        turn.shared_state.end()
        _turn.reset(token)


@contextmanager
def fallback(make: Callable[[], TurnContext]) -> Iterator[None]:
    """For the block, what :func:`current_turn` gives where nothing is bound: for scripts and tests of tools."""
    _fallback.append(make)
    try:
        yield
    finally:
        _fallback.remove(make)
