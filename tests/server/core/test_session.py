"""The turns of one conversation: the whole matrix, any order of events, and a cut anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.session import MAX_WAITING, Phase, Session
from server.core.session_events import (
    CancelAsked,
    ContinueTurn,
    Finished,
    KeepCancel,
    Kept,
    Lost,
    Offered,
    RefuseBusy,
    RefuseRepeat,
    Said,
    Send,
    SessionEffect,
    SessionEvent,
    Slept,
    StartTurn,
    Woken,
    Yielded,
)
from server.core.session_recalled import recalled
from shared.frames import AgentSaid, Problem, TurnEnded, UserSaid
from shared.ids import MessageId

ONE = Said(MessageId("one"), "first")
TWO = Said(MessageId("two"), "second")
THREE = Said(MessageId("three"), "third")
FRESH = Said(MessageId("fresh"), "fresh")
PROBLEM = Problem(-32013, "The model failed.")


def after(session: Session, *events: SessionEvent) -> Session:
    """That session, after the events; its next update has the number 1."""
    for event in events:
        session.on(event)
    session.seq = 0
    return session


def taken(session: Session, said: Said) -> Session:
    return after(session, Offered(said), Kept(said.message_id))


def idle() -> Session:
    return Session()


def running() -> Session:
    return taken(idle(), ONE)


def queued() -> Session:
    return taken(running(), TWO)


def asleep() -> Session:
    return after(running(), Slept())


def asleep_queued() -> Session:
    return after(queued(), Slept())


def cancelling() -> Session:
    return after(running(), CancelAsked())


def cancelling_queued() -> Session:
    return taken(cancelling(), TWO)


def cancelling_after_asleep() -> Session:
    return after(asleep_queued(), CancelAsked())


def stored_only() -> Session:
    """One that was cut after a message was stored and before its turn began."""
    return recalled(0, [TWO.message_id], [TWO], is_begun=False)


def cut_while_cancelling() -> Session:
    """One that was cut after its cancelling was stored; a further message was stored after that."""
    return recalled(0, [ONE.message_id, TWO.message_id], [ONE, TWO], is_begun=True, is_cancelled=True)


STATES = (
    idle,
    running,
    queued,
    asleep,
    asleep_queued,
    cancelling,
    cancelling_queued,
    cancelling_after_asleep,
    stored_only,
    cut_while_cancelling,
)
IDLE, RUNNING, ASLEEP, CANCELLING = Phase.IDLE, Phase.RUNNING, Phase.ASLEEP, Phase.CANCELLING
AS_THEY_ARE = [IDLE, RUNNING, RUNNING, ASLEEP, ASLEEP, CANCELLING, CANCELLING, CANCELLING, IDLE, ASLEEP]


def starts(said: Said, seq: int = 1) -> list[SessionEffect]:
    return [Send(seq, UserSaid(said.message_id, said.text)), StartTurn(said)]


def ends(problem: Problem | None = None) -> Send:
    return Send(1, TurnEnded(ONE.message_id, "end_turn", problem))


def is_cancelled(problem: Problem | None = None) -> Send:
    return Send(1, TurnEnded(ONE.message_id, "cancelled", problem))


keeps = KeepCancel(ONE.message_id)
drops_two = Send(1, TurnEnded(TWO.message_id, "cancelled"))
GOES_ON: list[SessionEffect] = [ContinueTurn(ONE)]
MATRIX: dict[str, tuple[SessionEvent, list[list[SessionEffect]], list[Phase]]] = {
    "offered": (Offered(FRESH), [[]] * 10, AS_THEY_ARE),
    "kept": (
        Kept(THREE.message_id),
        [starts(THREE), [], [], [], [], [], [], [], starts(TWO), []],
        [RUNNING, *AS_THEY_ARE[1:8], RUNNING, ASLEEP],
    ),
    "lost": (Lost(THREE.message_id), [[]] * 10, AS_THEY_ARE),
    "yielded": (Yielded(AgentSaid("hi")), [[Send(1, AgentSaid("hi"))]] * 10, AS_THEY_ARE),
    "cancel asked": (
        CancelAsked(),
        [
            [],
            [keeps],
            [drops_two, keeps],
            [keeps, ContinueTurn(ONE)],
            [drops_two, keeps, ContinueTurn(ONE)],
            [],
            [drops_two],
            [],
            [drops_two],
            [drops_two, ContinueTurn(ONE)],
        ],
        [IDLE, *[CANCELLING] * 7, IDLE, CANCELLING],
    ),
    "finished": (
        Finished(),
        [
            [],
            [ends()],
            [ends(), *starts(TWO, 2)],
            [ends()],
            [ends(), *starts(TWO, 2)],
            [is_cancelled()],
            [is_cancelled(), *starts(TWO, 2)],
            [is_cancelled()],
            [],
            [is_cancelled(), *starts(TWO, 2)],
        ],
        [IDLE, IDLE, RUNNING, IDLE, RUNNING, IDLE, RUNNING, IDLE, IDLE, RUNNING],
    ),
    "failed": (
        Finished(PROBLEM),
        [
            [],
            [ends(PROBLEM)],
            [ends(PROBLEM), *starts(TWO, 2)],
            [ends(PROBLEM)],
            [ends(PROBLEM), *starts(TWO, 2)],
            [is_cancelled(PROBLEM)],
            [is_cancelled(PROBLEM), *starts(TWO, 2)],
            [is_cancelled(PROBLEM)],
            [],
            [is_cancelled(PROBLEM), *starts(TWO, 2)],
        ],
        [IDLE, IDLE, RUNNING, IDLE, RUNNING, IDLE, RUNNING, IDLE, IDLE, RUNNING],
    ),
    "slept": (
        Slept(),
        [[], [], [], [], [], *[GOES_ON] * 3, [], []],
        [IDLE, *[ASLEEP] * 4, *[CANCELLING] * 3, IDLE, ASLEEP],
    ),
    "woken": (
        Woken(),
        [[], [], [], GOES_ON, GOES_ON, [], [], [], starts(TWO), GOES_ON],
        [IDLE, *[RUNNING] * 4, *[CANCELLING] * 3, RUNNING, CANCELLING],
    ),
}


@pytest.mark.parametrize("name", MATRIX)
def test_every_event_in_every_state_is_as_written(name: str) -> None:
    event, effects, phases = MATRIX[name]
    sessions = [state() for state in STATES]
    if isinstance(event, Kept | Lost):
        for session in sessions:
            session.on(Offered(THREE))
    assert [session.on(event) for session in sessions] == effects
    assert [session.phase for session in sessions] == phases


@pytest.mark.parametrize("state", [running, queued, asleep, asleep_queued, cancelling, cancelling_after_asleep])
def test_a_repeated_message_starts_nothing(state: Callable[[], Session]) -> None:
    session = state()
    assert session.on(Offered(ONE)) == [RefuseRepeat(ONE.message_id)]
    session.on(Finished())
    assert session.on(Offered(ONE)) == [RefuseRepeat(ONE.message_id)]


def test_a_repeat_of_what_is_being_stored_starts_nothing() -> None:
    session = after(idle(), Offered(ONE))
    assert session.on(Offered(ONE)) == [RefuseRepeat(ONE.message_id)]
    assert session.on(Kept(ONE.message_id)) == starts(ONE)


def test_what_could_not_be_stored_may_come_again() -> None:
    session = after(idle(), Offered(ONE), Lost(ONE.message_id))
    assert session.find(ONE.message_id) is None
    assert session.on(Offered(ONE)) == []
    assert session.on(Kept(ONE.message_id)) == starts(ONE)


@pytest.mark.parametrize("state", [running, asleep, cancelling])
def test_one_message_too_many_is_refused_and_may_come_again_later(state: Callable[[], Session]) -> None:
    session = state()
    for n in range(MAX_WAITING):
        said = Said(MessageId(str(n)), "")
        assert session.on(Offered(said)) == []
        if n % 2:
            session.on(Kept(said.message_id))
    assert session.on(Offered(FRESH)) == [RefuseBusy(FRESH.message_id)]
    session.on(Finished())
    assert session.on(Offered(FRESH)) == []


def test_in_an_idle_conversation_one_more_fits_since_it_begins_at_once() -> None:
    session = idle()
    for n in range(MAX_WAITING + 1):
        assert session.on(Offered(Said(MessageId(str(n)), ""))) == []
    assert session.on(Offered(FRESH)) == [RefuseBusy(FRESH.message_id)]


def test_it_knows_which_turns_are_still_to_end() -> None:
    session = queued()
    session.on(Offered(THREE))
    for said in (ONE, TWO, THREE):
        assert session.find(said.message_id) is not None
    session.on(Finished())
    assert session.find(ONE.message_id) is None
    assert session.find(FRESH.message_id) is None


def test_it_is_awake_while_something_goes_on_by_itself() -> None:
    awake = [state().is_awake for state in STATES]
    assert awake == [False, True, True, False, False, True, True, True, False, False]
    assert after(idle(), Offered(ONE)).is_awake


def test_what_was_stored_before_a_restart_goes_before_what_is_said_after_it() -> None:
    session = stored_only()
    session.on(Offered(THREE))
    assert session.on(Kept(THREE.message_id)) == starts(TWO)
    assert session.on(Finished())[1:] == starts(THREE, 3)


def test_after_a_restart_the_number_goes_on_and_what_had_begun_sleeps() -> None:
    session = recalled(7, [ONE.message_id], [ONE, TWO], is_begun=True)
    assert (session.phase, session.running, list(session.waiting)) == (Phase.ASLEEP, ONE, [TWO])
    assert session.on(Yielded(AgentSaid("hi"))) == [Send(8, AgentSaid("hi"))]


def test_what_is_unfinished_is_seen_even_if_it_is_not_among_the_latest() -> None:
    session = recalled(1, [], [ONE, TWO], is_begun=True)
    for said in (ONE, TWO):
        assert session.on(Offered(said)) == [RefuseRepeat(said.message_id)]


# --- any order, and a cut anywhere ------------------------------------------------------------------------


@dataclass
class Storage:
    """What was stored of the effects, in order, and what the turns' tasks would see."""

    taken: list[MessageId] = field(default_factory=list)
    begun: list[MessageId] = field(default_factory=list)
    ended: list[MessageId] = field(default_factory=list)
    cancelled: list[MessageId] = field(default_factory=list)
    reasons: dict[MessageId, str] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)
    task: MessageId | None = None

    def keep(self, effects: list[SessionEffect]) -> None:
        for effect in effects:
            match effect:
                case StartTurn(said):
                    assert self.task is None, "one turn at a time"
                    assert self.begun[-1] == said.message_id, "acknowledged before it begins"
                    self.task = said.message_id
                case ContinueTurn(said):
                    assert self.task is None
                    assert self.begun[-1] == said.message_id, "only what was begun goes on"
                    assert said.message_id not in self.ended
                    self.task = said.message_id
                case KeepCancel(message_id):
                    assert message_id == self.begun[-1], "only what was begun is being cancelled"
                    self.cancelled.append(message_id)
                case Send(seq, update):
                    self.seqs.append(seq)
                    if isinstance(update, UserSaid):
                        self.begun.append(update.message_id)
                    if isinstance(update, TurnEnded):
                        assert update.message_id not in self.ended, "each ends once"
                        self.ended.append(update.message_id)
                        self.reasons[update.message_id] = update.stop_reason
                        self.task = None if self.task == update.message_id else self.task
                case _:
                    pass

    def recall(self) -> Session:
        self.task = None
        unfinished = [name for name in self.taken if name not in self.ended]
        is_begun = bool(unfinished) and unfinished[0] in self.begun
        said = [Said(name, "text") for name in unfinished]
        is_cancelled = bool(unfinished) and unfinished[0] in self.cancelled
        return recalled(len(self.seqs), self.taken, said, is_begun=is_begun, is_cancelled=is_cancelled)


NAMES = st.sampled_from([MessageId(str(n)) for n in range(12)])
STEPS = st.one_of(
    st.tuples(st.just("offer"), NAMES),
    st.tuples(st.sampled_from(["keep", "keep", "lose", "yield", "cancel", "finish", "sleep", "wake", "cut"]), NAMES),
)


def step(session: Session, storage: Storage, what: str, name: MessageId) -> Session:
    first = next(iter(session.offered), None)
    match what:
        case "offer":
            session.on(Offered(Said(name, "text")))
        case "keep" if first is not None:
            storage.taken.append(first)
            storage.keep(session.on(Kept(first)))
        case "lose" if first is not None:
            storage.keep(session.on(Lost(first)))
        case "yield":
            storage.keep(session.on(Yielded(AgentSaid("hi"))))
        case "cancel":
            storage.keep(session.on(CancelAsked()))
        case "finish" if storage.task is not None:
            storage.keep(session.on(Finished()))
        case "sleep" if storage.task is not None:
            storage.task = None
            storage.keep(session.on(Slept()))
        case "wake":
            storage.keep(session.on(Woken()))
        case "cut":
            return storage.recall()
        case _:
            pass
    return session


def to_its_end(session: Session, storage: Storage) -> None:
    storage.keep(session.on(Woken()))
    while storage.task is not None:
        storage.keep(session.on(Finished()))


@given(st.lists(STEPS, max_size=80))
def test_in_any_order_of_events_and_cuts_each_kept_message_ends_once_in_order_and_updates_are_numbered(
    steps: list[tuple[str, MessageId]],
) -> None:
    session, storage = Session(), Storage()
    for what, name in steps:
        session = step(session, storage, what, name)
        unfinished = [name for name in storage.taken if name not in storage.ended]
        assert all(session.find(name) is not None for name in unfinished), "each kept message still has its turn"
        assert not any(session.find(name) is not None for name in storage.ended)
        if storage.task is not None:
            assert session.running is not None
            assert storage.task == session.running.message_id
    to_its_end(session, storage)
    assert storage.seqs == list(range(1, len(storage.seqs) + 1))
    assert sorted(storage.ended) == sorted(storage.taken), "each that was kept ends exactly once"
    assert all(storage.reasons[name] == "cancelled" for name in storage.cancelled), "also when it was cut"
    assert len(storage.cancelled) == len(set(storage.cancelled))
    assert storage.begun == [name for name in storage.taken if name in storage.begun]
    assert len(storage.taken) == len(set(storage.taken)), "no message counts twice"


@given(st.lists(STEPS.filter(lambda one: one[0] not in {"cancel", "cut", "lose"}), max_size=60), st.data())
def test_what_is_cut_anywhere_comes_to_the_same_ends(steps: list[tuple[str, MessageId]], data: st.DataObject) -> None:
    ends = []
    cuts = data.draw(st.sets(st.integers(0, 60), max_size=3))
    for is_cut in (False, True):
        session, storage = Session(), Storage()
        for number, (what, name) in enumerate(steps):
            session = step(session, storage, what, name)
            if is_cut and number in cuts:
                offered = list(session.offered.values())
                session = storage.recall()
                for said in offered:
                    # Never acknowledged: the client sends it again.
                    session.on(Offered(said))
        to_its_end(session, storage)
        ends.append((storage.taken, storage.begun, storage.ended))
    uncut, cut = ends
    assert cut == uncut


@given(st.integers(0, 4), st.integers(0, 9))
def test_a_cut_within_the_effects_of_one_event_loses_nothing_and_begins_nothing_twice(cancels: int, cut: int) -> None:
    session, storage = Session(), Storage()
    for n in range(4):
        name = MessageId(str(n))
        session.on(Offered(Said(name, "text")))
        storage.taken.append(name)
        storage.keep(session.on(Kept(name)))
    effects = session.on(CancelAsked() if cancels % 2 else Finished())
    storage.keep([effect for effect in effects[:cut] if isinstance(effect, Send)])
    session = storage.recall()
    to_its_end(session, storage)
    assert sorted(storage.ended) == sorted(storage.taken)
    assert storage.begun == sorted(set(storage.begun))
    assert storage.seqs == list(range(1, len(storage.seqs) + 1))
