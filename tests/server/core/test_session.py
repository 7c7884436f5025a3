"""The turns of one conversation: the whole matrix, and any order of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.session import (
    MAX_WAITING,
    CancelAsked,
    Finished,
    Phase,
    Prompted,
    RefuseBusy,
    RefuseRepeat,
    Said,
    Send,
    Session,
    SessionEffect,
    SessionEvent,
    StartTurn,
    Stored,
    Yielded,
)
from shared.frames import AgentSaid, Problem, TurnEnded, UserSaid
from shared.ids import MessageId

ONE = Said(MessageId("one"), "first")
TWO = Said(MessageId("two"), "second")
FRESH = Said(MessageId("fresh"), "fresh")
PROBLEM = Problem(-32013, "The model failed.")


def idle() -> Session:
    return Session()


def running() -> Session:
    session = Session()
    session.on(Prompted(ONE))
    return session


def queued() -> Session:
    session = running()
    session.on(Prompted(TWO))
    return session


def cancelling() -> Session:
    session = running()
    session.on(CancelAsked())
    return session


STATES = (idle, running, queued, cancelling)
acknowledged = Send(1, UserSaid(ONE.message_id, ONE.text))
ended = TurnEnded(ONE.message_id, "end_turn")
cancelled = TurnEnded(ONE.message_id, "cancelled")
MATRIX: dict[str, tuple[SessionEvent, list[list[SessionEffect]], list[Phase]]] = {
    "prompted": (
        Prompted(FRESH),
        [[StartTurn(FRESH)], [], [], []],
        [Phase.RUNNING, Phase.RUNNING, Phase.RUNNING, Phase.CANCELLING],
    ),
    "stored": (
        Stored(),
        [[], [acknowledged], [acknowledged], [acknowledged]],
        [Phase.IDLE, Phase.RUNNING, Phase.RUNNING, Phase.CANCELLING],
    ),
    "yielded": (
        Yielded(AgentSaid("hi")),
        [[Send(1, AgentSaid("hi"))]] * 4,
        [Phase.IDLE, Phase.RUNNING, Phase.RUNNING, Phase.CANCELLING],
    ),
    "cancel asked": (
        CancelAsked(),
        [[], [], [Send(1, TurnEnded(TWO.message_id, "cancelled"))], []],
        [Phase.IDLE, Phase.CANCELLING, Phase.CANCELLING, Phase.CANCELLING],
    ),
    "finished": (
        Finished(),
        [[], [Send(1, ended)], [Send(1, ended), StartTurn(TWO)], [Send(1, cancelled)]],
        [Phase.IDLE, Phase.IDLE, Phase.RUNNING, Phase.IDLE],
    ),
    "failed": (
        Finished(PROBLEM),
        [
            [],
            [Send(1, TurnEnded(ONE.message_id, "end_turn", PROBLEM))],
            [Send(1, TurnEnded(ONE.message_id, "end_turn", PROBLEM)), StartTurn(TWO)],
            [Send(1, TurnEnded(ONE.message_id, "cancelled", PROBLEM))],
        ],
        [Phase.IDLE, Phase.IDLE, Phase.RUNNING, Phase.IDLE],
    ),
}


@pytest.mark.parametrize("name", MATRIX)
def test_every_event_in_every_state_is_as_written(name: str) -> None:
    event, effects, phases = MATRIX[name]
    sessions = [state() for state in STATES]
    assert [session.on(event) for session in sessions] == effects
    assert [session.phase for session in sessions] == phases


def test_a_repeated_message_starts_nothing() -> None:
    for state in (running, queued, cancelling):
        assert state().on(Prompted(ONE)) == [RefuseRepeat(ONE.message_id)]
    session = running()
    session.on(Finished())
    assert session.on(Prompted(ONE)) == [RefuseRepeat(ONE.message_id)]
    assert session.phase is Phase.IDLE


def test_one_message_too_many_is_refused_and_may_come_again_later() -> None:
    session = running()
    for n in range(MAX_WAITING):
        assert session.on(Prompted(Said(MessageId(str(n)), ""))) == []
    assert session.on(Prompted(FRESH)) == [RefuseBusy(FRESH.message_id)]
    session.on(Finished())
    assert session.on(Prompted(FRESH)) == []


SAID = st.builds(Said, st.sampled_from([MessageId(str(n)) for n in range(12)]), st.just("text"))
ANY_EVENT: st.SearchStrategy[SessionEvent] = st.one_of(
    st.builds(Prompted, SAID),
    st.just(Stored()),
    st.just(Yielded(AgentSaid("hi"))),
    st.just(CancelAsked()),
    st.just(Finished()),
)


@given(st.lists(ANY_EVENT, max_size=80))
def test_in_any_order_of_events_turns_run_one_at_a_time_in_order_and_updates_are_numbered(
    events: list[SessionEvent],
) -> None:
    session, running_now, seqs = Session(), None, []
    taken: list[MessageId] = []
    begun: list[MessageId] = []
    ended_ids: list[MessageId] = []
    for event in [*events, *[Finished()] * (MAX_WAITING + 1)]:
        effects = session.on(event)
        if isinstance(event, Prompted) and not any(isinstance(e, RefuseBusy | RefuseRepeat) for e in effects):
            taken.append(event.said.message_id)
        for effect in effects:
            match effect:
                case StartTurn(said):
                    assert running_now is None
                    running_now = said.message_id
                    begun.append(said.message_id)
                case Send(seq, TurnEnded(message_id)):
                    seqs.append(seq)
                    ended_ids.append(message_id)
                    running_now = None if message_id == running_now else running_now
                case Send(seq):
                    seqs.append(seq)
                case _:
                    pass
    assert seqs == list(range(1, len(seqs) + 1))
    assert sorted(ended_ids) == sorted(taken), "each message that was taken ends exactly once"
    assert begun == [message_id for message_id in taken if message_id in begun]
