"""Between a live conversation and what is kept of it."""

from __future__ import annotations

import copy
from itertools import islice

from server.context import SessionContext
from server.core.identity import Identity
from server.core.policy import PolicyAnswers
from server.core.records import Recalled, TurnState
from server.core.remembered import MAX_SEEN, Remembered
from server.core.session import Session
from server.core.session_events import Said
from server.core.session_recalled import recalled
from shared.ids import SessionId


def snapshot(context: SessionContext, session: Session, answers: PolicyAnswers) -> Remembered:
    """What is to be kept of a conversation as it is now."""
    latest = list(islice(reversed(session.seen), MAX_SEEN))
    return Remembered(
        run_id=context.run_id,
        client_identifier=context.client_identifier,
        created_at=context.created_at,
        last_activity=context.last_activity,
        seq=session.seq,
        seen=tuple(reversed(latest)),
        answers=copy.deepcopy(answers),
        state=copy.deepcopy(context.state),
        usage=context.usage,
        todos=context.todos,
    )


def awakened(identity: Identity, session_id: SessionId, remembered: Remembered) -> SessionContext:
    """The session context of a conversation that was kept.

    Whether the agent has it as well is for the agent to find out: its first turn may have ended before the agent came.
    """
    return SessionContext(
        identity=identity,
        session_id=session_id,
        client_identifier=remembered.client_identifier,
        run_id=remembered.run_id,
        created_at=remembered.created_at,
        last_activity=remembered.last_activity,
        state=copy.deepcopy(remembered.state),
        todos=remembered.todos,
        usage=remembered.usage,
    )


def session_of(turns: Recalled) -> Session:
    """The session with the turns that were stored: one that had begun sleeps, and those after it wait."""
    unfinished = [Said(turn.message_id, turn.text) for turn in turns.unfinished]
    first = turns.unfinished[0].state if turns.unfinished else TurnState.ENDED
    is_cancelled = first is TurnState.CANCELLING
    is_begun = is_cancelled or first is TurnState.RUNNING
    return recalled(turns.seq, turns.seen, unfinished, is_begun=is_begun, is_cancelled=is_cancelled)
