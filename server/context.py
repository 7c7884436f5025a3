"""The turn context: one record in one ContextVar, bound where a turn starts and reset where it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from server.approvals import Approvals
from server.delegate import FrontendToolDelegate
from shared.ids import ConnectionSignature, MessageId, SessionId, TenantId, UserId


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is behind a connection, as the door decided."""

    tenant: TenantId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What belongs to one turn alone.

    ``stored`` is awaited once, when the person's message is committed. ``room`` waits while the tab reads too slowly,
    but not beyond ``abort``, which is set to end the turn early.
    """

    identity: Identity
    session_id: SessionId
    client_identifier: ConnectionSignature
    message_id: MessageId
    text: str
    delegate: FrontendToolDelegate
    approvals: Approvals
    stored: Callable[[], Awaitable[None]]
    room: Callable[[], Awaitable[None]]
    abort: asyncio.Event = field(default_factory=asyncio.Event)


_turn: ContextVar[TurnContext] = ContextVar("ringback_turn")


def current_turn() -> TurnContext:
    """The turn that the running task belongs to.

    Raises:
        LookupError: when no turn is bound here, with a sentence that says why.
    """
    try:
        return _turn.get()
    except LookupError:
        raise LookupError(
            "No turn is bound here: this runs outside of a turn, or in a thread that did not get the turn's context "
            "(use asyncio.to_thread, or copy_context().run with an executor)."
        ) from None


@contextmanager
def bound(turn: TurnContext) -> Iterator[None]:
    """Bind ``turn`` for the block and all tasks begun in it."""
    token = _turn.set(turn)
    try:
        yield
    finally:
        _turn.reset(token)
