"""A message is stored before it counts, and starts one turn however often it comes."""

from __future__ import annotations

import asyncio

import pytest

from server.context import TurnContext
from server.conversations.conversation import Conversation
from server.core.records import TurnRecord, TurnState
from server.core.session import MAX_WAITING
from server.core.session_events import Said
from shared.errors import BadRequestError, SessionBusyError, StorageError
from shared.frames import TurnEnded, UserSaid
from shared.ids import MessageId
from tests.server.agent_for_tests import AgentForTests
from tests.server.services_for_tests import ADA, Setup, answered, begun, until
from tests.server.tab_for_tests import TabForTests

ONE, TWO, THREE = (Said(MessageId(name), f"text of {name}") for name in ("one", "two", "three"))
ENDED = TurnEnded(ONE.message_id, "end_turn")


class Talk:
    """A conversation whose turns wait until they may end; ``started`` are their messages."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.may_end = asyncio.Event()
        self.setup = Setup(AgentForTests(self._act))
        self.tab = TabForTests()
        self.talk: Conversation = begun(self.setup.sessions, ADA, self.tab)

    async def _act(self, turn: TurnContext) -> str:
        self.started.append(turn.message_id)
        await self.may_end.wait()
        return "done"

    def says(self, said: Said) -> asyncio.Task[TurnEnded]:
        return asyncio.create_task(self.talk.prompt(said))

    async def storing(self) -> None:
        await until(lambda: bool(self.setup.ledger.waiting))

    @property
    def acknowledged(self) -> list[str]:
        return [update.message_id for update in self.tab.updates if isinstance(update, UserSaid)]


async def all_of(*turns: asyncio.Task[TurnEnded]) -> list[TurnEnded]:
    async with asyncio.timeout(5):
        return await asyncio.gather(*turns)


# --- repeats ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["storing", "running", "ended", "released"])
async def test_a_repeat_starts_nothing_and_gets_the_same_end(when: str) -> None:
    it = Talk()
    it.setup.ledger.is_stuck = when == "storing"
    first = it.says(ONE)
    if when == "storing":
        await it.storing()
    else:
        await until(lambda: bool(it.started))
    if when in {"ended", "released"}:
        it.may_end.set()
        await all_of(first)
    if when == "released":
        await it.setup.sessions.leave(it.tab.signature)
        await until(lambda: it.setup.sessions.live == ())
        it.tab = TabForTests()
        it.talk = (await it.setup.sessions.open(ADA, it.tab, it.talk.key.session_id, answered())).talk
    repeats = [it.says(ONE) for _ in range(3)]
    for _ in range(50):
        await asyncio.sleep(0)
    it.setup.ledger.unstick()
    it.may_end.set()
    assert await all_of(first, *repeats) == [ENDED] * 4
    assert it.started == ["one"]
    assert it.acknowledged == ([] if when == "released" else ["one"])


async def test_a_repeat_of_a_message_that_waits_gets_the_end_of_its_turn() -> None:
    it = Talk()
    turns = [it.says(ONE)]
    await until(lambda: bool(it.started))
    turns += [it.says(TWO), it.says(THREE), it.says(TWO)]
    for _ in range(50):
        await asyncio.sleep(0)
    assert not any(turn.done() for turn in turns)
    it.may_end.set()
    ends = await all_of(*turns)
    assert [end.message_id for end in ends] == ["one", "two", "three", "two"]
    assert it.started == ["one", "two", "three"]


async def test_a_repeat_while_the_end_is_on_its_way_gets_that_end_as_well() -> None:
    it = Talk()
    it.may_end.set()
    first = it.says(ONE)
    await until(lambda: bool(it.started))
    it.setup.ledger.is_stuck = True
    await until(lambda: not it.talk.is_running)
    repeat = it.says(ONE)
    for _ in range(20):
        await asyncio.sleep(0)
    it.setup.ledger.unstick()
    assert await all_of(first, repeat) == [ENDED, ENDED]


async def test_a_failed_turn_fails_for_who_repeats_its_message_as_well() -> None:
    it = Talk()

    async def crash(_: TurnContext) -> str:
        raise ValueError("a bug")

    it.setup.services.agent.act = crash  # type: ignore[attr-defined]  # an agent for tests
    (first,) = await all_of(it.says(ONE))
    assert first.problem is not None
    assert await all_of(it.says(ONE)) == [first]


@pytest.mark.parametrize("when", ["storing", "running", "waiting", "ended", "forgotten"])
async def test_other_words_under_an_id_that_was_taken_are_refused(when: str) -> None:
    it = Talk()
    turns = [it.says(TWO)] if when == "waiting" else []
    await until(lambda: len(it.started) == len(turns))
    it.setup.ledger.is_stuck = when == "storing"
    turns.append(it.says(ONE))
    await until(lambda: ONE.message_id in it.talk._session.seen)
    if when in {"ended", "forgotten"}:
        it.may_end.set()
        await all_of(*turns)
    if when == "forgotten":
        del it.talk._session.seen[ONE.message_id]
    with pytest.raises(BadRequestError, match="taken before"):
        async with asyncio.timeout(5):
            await it.talk.prompt(Said(ONE.message_id, "other words"))
    it.setup.ledger.unstick()
    it.may_end.set()
    assert [end.stop_reason for end in await all_of(*turns)] == ["end_turn"] * len(turns)
    assert it.started.count("one") == 1


async def test_a_repeat_takes_no_place_among_those_that_wait() -> None:
    it = Talk()
    turns = [it.says(Said(MessageId(str(n)), "x")) for n in range(MAX_WAITING + 1)]
    await until(lambda: bool(it.started))
    await it.talk._intake.settled()
    turns.append(it.says(Said(MessageId("5"), "x")))
    await asyncio.sleep(0)
    with pytest.raises(SessionBusyError):
        await it.talk.prompt(Said(MessageId("one more"), "x"))
    it.may_end.set()
    assert len(await all_of(*turns)) == MAX_WAITING + 2


# --- storing ----------------------------------------------------------------------------------------------


async def test_a_message_that_is_not_stored_yet_starts_nothing_and_is_not_acknowledged() -> None:
    it = Talk()
    it.setup.ledger.is_stuck = True
    turn = it.says(ONE)
    await it.storing()
    for _ in range(50):
        await asyncio.sleep(0)
    assert (it.started, it.acknowledged) == ([], [])
    it.setup.ledger.unstick()
    it.may_end.set()
    assert await all_of(turn) == [ENDED]


async def test_a_message_that_cannot_be_stored_in_time_was_never_taken_and_can_be_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.conversations.intake.STORING_TIME", 0.05)
    it = Talk()
    it.setup.ledger.is_stuck = True
    asked = [it.says(ONE), it.says(ONE)]
    async with asyncio.timeout(5):
        refused = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in refused] == [StorageError] * 2
    assert "was not taken" in str(refused[0])
    it.setup.ledger.unstick()
    assert it.setup.ledger.turns == {}, "what was given up is not stored later"
    assert not it.talk.is_running
    it.may_end.set()
    assert await all_of(it.says(ONE)) == [ENDED]
    assert it.started == it.acknowledged == ["one"]


async def test_a_database_that_fails_refuses_the_message_and_the_next_one_is_taken() -> None:
    it = Talk()
    it.setup.ledger.is_broken = True
    with pytest.raises(StorageError):
        await it.talk.prompt(ONE)
    it.setup.ledger.is_broken = False
    it.may_end.set()
    assert await all_of(it.says(TWO), it.says(ONE)) == [TurnEnded(TWO.message_id, "end_turn"), ENDED]
    assert it.started == ["two", "one"]


async def test_messages_that_wait_for_the_storage_are_answered_in_their_order() -> None:
    it = Talk()
    it.may_end.set()
    it.setup.ledger.is_stuck = True
    turns = [it.says(said) for said in (ONE, TWO, THREE)]
    await it.storing()
    it.setup.ledger.unstick()
    await all_of(*turns)
    assert it.started == it.acknowledged == ["one", "two", "three"]


async def test_cancelling_reaches_a_message_that_is_being_stored() -> None:
    it = Talk()
    it.setup.ledger.is_stuck = True
    turn = it.says(ONE)
    await it.storing()
    cancelling = asyncio.create_task(it.talk.cancel())
    for _ in range(20):
        await asyncio.sleep(0)
    it.setup.ledger.unstick()
    async with asyncio.timeout(5):
        await cancelling
    assert (await all_of(turn))[0].stop_reason == "cancelled"


@pytest.mark.parametrize("is_ended", [True, False])
async def test_a_message_that_is_found_stored_is_not_stored_twice(is_ended: bool) -> None:
    """As after a request whose storing was given up too late: the conversation does not know the id."""
    it = Talk()
    it.may_end.set()
    await all_of(it.says(TWO))
    record = TurnRecord(ONE.message_id, ONE.text)
    if is_ended:
        record = TurnRecord(ONE.message_id, ONE.text, TurnState.ENDED, 1, ENDED)
    it.setup.ledger.turns[it.talk.key][ONE.message_id] = record
    assert await all_of(it.says(ONE)) == [ENDED]
    assert it.started == (["two"] if is_ended else ["two", "one"])
    assert not it.talk.is_running


async def test_a_found_message_that_cannot_be_read_is_refused_and_can_be_sent_again() -> None:
    it = Talk()
    it.may_end.set()
    await all_of(it.says(TWO))
    it.setup.ledger.turns[it.talk.key][ONE.message_id] = TurnRecord(ONE.message_id, ONE.text)

    async def fail(*_: object) -> TurnRecord | None:
        raise StorageError("The database failed.")

    honest, it.setup.ledger.turn = it.setup.ledger.turn, fail  # type: ignore[method-assign, assignment]  # a storage that fails
    with pytest.raises(StorageError, match="failed"):
        await it.talk.prompt(ONE)
    it.setup.ledger.turn = honest  # type: ignore[method-assign]  # as it was
    assert await all_of(it.says(ONE)) == [ENDED]
