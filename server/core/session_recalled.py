"""The session of a conversation that is not in memory, from what was stored of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.core.session import Phase, Session
from server.core.session_events import Said
from shared.ids import MessageId


def recalled(
    seq: int, seen: Iterable[MessageId], unfinished: Sequence[Said], *, is_begun: bool, is_cancelled: bool = False
) -> Session:
    """The session as it goes on: asleep if ``is_begun``, the first of ``unfinished`` had begun; the others wait.

    ``is_cancelled``: that first one was being cancelled.
    """
    session = Session(
        seq=seq, is_cancelled=is_cancelled, seen=dict.fromkeys([*seen, *(said.message_id for said in unfinished)])
    )
    session.waiting.extend(unfinished)
    if is_begun:
        session.phase, session.running = Phase.ASLEEP, session.waiting.popleft()
    return session
