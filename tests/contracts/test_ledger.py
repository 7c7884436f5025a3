"""What is put into the ledger is found there as it was put: in order, whole, and by its own person only."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.deadline import Moment
from server.core.records import CallRecord, Recalled, TurnRecord, TurnState
from server.core.remembered import MAX_SEEN, TurnUsage
from server.core.session_key import SessionKey
from server.core.tool_call import TRANSITIONS, CallState
from server.ledger import Ledger
from server.storage.engine import make_engine
from server.storage.ledger import SqlLedger
from server.storage.sql_conversations import SqlConversations
from server.storage.sql_usage import SqlUsage
from shared.errors import StorageError
from shared.frames import AgentSaid, UserSaid
from shared.ids import MessageId, SessionId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec
from shared.usage import TokenUsage
from tests.contracts.records import (
    ADA,
    BOOT,
    FULL_CALL,
    HARD,
    ONE,
    OTHER_TALK,
    STRANGERS,
    TALK,
    call,
    ended,
    lease,
    overdue_at,
    running,
    waiting,
)
from tests.contracts.test_conversation_store import KEPT, NOON

CLAIMED = CallState.CLAIMED
SETTLED = [state for state in CallState if not any(state is one for one, _ in TRANSITIONS)]


@pytest.fixture
async def ledger(engine: AsyncEngine) -> AsyncIterator[SqlLedger]:
    made = SqlLedger(engine)
    yield made
    await made.close(5)


async def say(ledger: Ledger, key: SessionKey, numbers: range) -> None:
    await asyncio.gather(*(ledger.put_update(key, seq, AgentSaid(str(seq))) for seq in numbers))


def said(numbers: range) -> list[tuple[int, AgentSaid]]:
    return [(seq, AgentSaid(str(seq))) for seq in numbers]


# --- records --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [waiting(), running(), ended(), TurnRecord(MessageId(HARD), HARD), ended(HARD)])
async def test_a_turn_comes_back_as_it_was_put(ledger: SqlLedger, turn: TurnRecord) -> None:
    await ledger.put_turn(TALK, turn)
    assert await ledger.turn(TALK, turn.message_id) == turn


async def test_the_holders_tools_come_back_with_all_that_is_known_of_them(ledger: SqlLedger) -> None:
    plain = ToolSpec(HARD, HARD, HARD, {"type": "object"})
    exact = dataclasses.replace(plain, kind="execute", risk=HARD, only_exactly=True)
    held = dataclasses.replace(lease(1), tools=(plain, exact))
    await ledger.put_lease(TALK, held)
    assert (await ledger.recall(TALK)).lease == held


async def test_a_call_comes_back_with_every_field_as_it_was_put(ledger: SqlLedger) -> None:
    for field in dataclasses.fields(CallRecord):
        assert field.default is dataclasses.MISSING or getattr(FULL_CALL, field.name) != field.default
    await asyncio.gather(
        ledger.put_turn(TALK, running(FULL_CALL.message_id)),
        ledger.put_call(TALK, FULL_CALL),
    )
    found = (await ledger.recall(TALK)).calls
    assert found == (FULL_CALL,)
    assert repr(found) == repr((FULL_CALL,)), "1, 1.0 and true are three things"


@pytest.mark.parametrize("state", CallState)
async def test_every_state_of_a_call_is_kept(ledger: SqlLedger, state: CallState) -> None:
    await asyncio.gather(ledger.put_turn(TALK, running()), ledger.put_call(TALK, call(state)))
    assert (await ledger.recall(TALK)).calls == (call(state),)


async def test_what_is_put_later_takes_the_place_of_what_was_there(ledger: SqlLedger) -> None:
    first, second = call(CallState.SHOWN), dataclasses.replace(call(CallState.SHOWN), occurrence=2)
    for record in (first, second):
        ledger.put_call(TALK, record)
    ledger.put_turn(TALK, waiting())
    ledger.put_turn(TALK, waiting("two"))
    ledger.put_turn(TALK, running())
    await ledger.put_call(TALK, dataclasses.replace(first, state=CallState.APPROVED))
    found = await ledger.recall(TALK)
    assert found.unfinished == (running(), waiting("two")), "the order of their coming stays"
    assert [(one.occurrence, one.state.name) for one in found.calls] == [(1, "APPROVED"), (2, "SHOWN")]


async def test_what_is_changed_after_it_was_put_is_written_as_it_was(ledger: SqlLedger) -> None:
    arguments: JsonObject = {"path": "a"}
    record = dataclasses.replace(call(CallState.SHOWN), arguments=arguments)
    done = ledger.put_call(TALK, record)
    arguments["path"] = "b"
    await asyncio.gather(done, ledger.put_turn(TALK, running()))
    assert (await ledger.recall(TALK)).calls[0].arguments == {"path": "a"}


async def test_a_conversation_is_recalled_whole(ledger: SqlLedger) -> None:
    assert await ledger.recall(TALK) == Recalled()
    ledger.put_turn(TALK, ended())
    ledger.put_call(TALK, call(CallState.DONE))
    ledger.put_turn(TALK, running("two"))
    ledger.put_call(TALK, call(CallState.SHOWN, message_id=MessageId("two")))
    ledger.put_turn(TALK, waiting("three"))
    ledger.put_lease(TALK, lease(4))
    await say(ledger, TALK, range(1, 8))
    await ledger.put_turn(OTHER_TALK, running("another"))
    assert await ledger.recall(TALK) == Recalled(
        seq=7,
        seen=(ONE, MessageId("two"), MessageId("three")),
        unfinished=(running("two"), waiting("three")),
        calls=(call(CallState.SHOWN, message_id=MessageId("two")),),
        lease=lease(4),
    )


async def test_only_the_latest_messages_are_recalled_as_seen(ledger: SqlLedger) -> None:
    names = [f"message {number}" for number in range(MAX_SEEN + 5)]
    await asyncio.gather(*(ledger.put_turn(TALK, ended(name)) for name in names))
    assert (await ledger.recall(TALK)).seen == tuple(MessageId(name) for name in names[5:])


async def test_what_is_remembered_and_booked_is_found_by_the_other_stores(
    engine: AsyncEngine, ledger: SqlLedger
) -> None:
    tokens = TokenUsage(1, 2, 3)
    await ledger.put_remembered(TALK, KEPT, TurnUsage(ONE, "demo", tokens, NOON))
    assert await SqlConversations(engine).load(ADA, TALK.session_id) == KEPT
    assert await SqlUsage(engine).of_session(ADA, TALK.session_id) == tokens


async def test_what_one_turn_used_is_known_as_it_was_put_last_and_apart_from_others(ledger: SqlLedger) -> None:
    tokens, two = TokenUsage(1, 2, 3), MessageId("two")
    assert await ledger.used(TALK, ONE) == TokenUsage()
    others = ((key, ONE) for key in (OTHER_TALK, *STRANGERS))
    for key, name in ((TALK, ONE), (TALK, ONE), (TALK, two), *others):
        ledger.put_remembered(key, KEPT, TurnUsage(name, "demo", tokens, NOON))
    assert await ledger.used(TALK, ONE) == tokens + tokens
    assert await ledger.used(TALK, two) == await ledger.used(STRANGERS[1], ONE) == tokens


@pytest.mark.parametrize("name", [HARD, "x" * 10_000])
async def test_names_that_nobody_has_are_asked_for_without_harm(ledger: SqlLedger, name: str) -> None:
    key = SessionKey(ADA, SessionId(name))
    assert await ledger.recall(key) == Recalled()
    assert await ledger.turn(key, MessageId(name)) is None
    assert await ledger.updates(key, after=0) == []


# --- taking, claiming, holding ----------------------------------------------------------------------------------


async def test_a_message_is_taken_once(ledger: SqlLedger) -> None:
    assert await ledger.take_turn(TALK, waiting())
    await ledger.put_turn(TALK, ended())
    assert not await ledger.take_turn(TALK, waiting())
    assert await ledger.turn(TALK, ONE) == ended()
    assert await ledger.take_turn(OTHER_TALK, waiting())
    both = await asyncio.gather(*(ledger.take_turn(TALK, waiting("two")) for _ in range(2)))
    assert both == [True, False]


@pytest.mark.parametrize("state", [CallState.REQUESTED, CallState.SHOWN, CallState.APPROVED])
async def test_eight_claims_at_once_and_one_is_granted(engine: AsyncEngine, state: CallState) -> None:
    engines = [make_engine(engine.url) for _ in range(7)]
    ledgers = [SqlLedger(one) for one in (engine, *engines)]
    ledgers[0].put_turn(TALK, running())
    ledgers[0].put_lease(TALK, lease(1))
    await ledgers[0].put_call(TALK, call(state))
    claims = [call(CLAIMED, epoch=1, claim=f"claim {number}") for number in range(8)]
    granted = await asyncio.gather(
        *(ledger.claim_call(TALK, claim) for ledger, claim in zip(ledgers, claims, strict=True))
    )
    assert granted.count(True) == 1
    assert (await ledgers[0].recall(TALK)).calls == (claims[granted.index(True)],)
    for one in ledgers:
        await one.close(5)
    for other in engines:
        await other.dispose()


@pytest.mark.parametrize("state", [CLAIMED, *SETTLED])
async def test_what_is_claimed_or_settled_is_not_claimed_again(ledger: SqlLedger, state: CallState) -> None:
    ledger.put_turn(TALK, running())
    ledger.put_lease(TALK, lease(1))
    await ledger.put_call(TALK, call(state, epoch=1))
    assert not await ledger.claim_call(TALK, call(CLAIMED, epoch=1, claim="late"))
    assert (await ledger.recall(TALK)).calls == (call(state, epoch=1),)


@pytest.mark.parametrize("epoch", [1, 3], ids=["old", "future"])
async def test_a_claim_of_another_epoch_than_the_leases_is_refused(ledger: SqlLedger, epoch: int) -> None:
    ledger.put_turn(TALK, running())
    ledger.put_lease(TALK, lease(2))
    ledger.put_lease(OTHER_TALK, lease(epoch))
    ledger.put_lease(STRANGERS[0], lease(epoch))
    await ledger.put_call(TALK, call(CallState.APPROVED))
    assert not await ledger.claim_call(TALK, call(CLAIMED, epoch=epoch, claim="late"))
    assert await ledger.claim_call(TALK, call(CLAIMED, epoch=2, claim="right"))


async def test_a_call_is_not_claimed_without_a_lease_or_without_a_row(ledger: SqlLedger) -> None:
    await ledger.put_call(TALK, call(CallState.APPROVED))
    assert not await ledger.claim_call(TALK, call(CLAIMED, epoch=1, claim="free"))
    await ledger.put_lease(TALK, lease(1))
    assert not await ledger.claim_call(TALK, call(CLAIMED, "unknown", epoch=1, claim="free"))


async def test_a_lease_that_changes_hands_meanwhile_wins_over_the_claim(engine: AsyncEngine, ledger: SqlLedger) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("only one at a time writes to SQLite")
    ledger.put_lease(TALK, lease(1))
    await ledger.put_call(TALK, call(CallState.APPROVED))
    async with engine.connect() as other:
        await other.execute(sa.text("UPDATE lease SET epoch = 2"))
        claim = ledger.claim_call(TALK, call(CLAIMED, epoch=1, claim="late"))
        await asyncio.wait({claim}, timeout=0.2)
        assert not claim.done(), "it waits for who has the lease's row"
        await other.commit()
    assert not await claim


async def test_a_call_may_be_put_and_claimed_in_one_stretch(ledger: SqlLedger) -> None:
    await ledger.put_lease(TALK, lease(1))
    kept = ledger.put_call(TALK, call(CallState.APPROVED))
    claimed = ledger.claim_call(TALK, call(CLAIMED, epoch=1, claim="mine"))
    await kept
    assert await claimed


async def test_a_lease_is_kept_only_with_a_higher_epoch(ledger: SqlLedger) -> None:
    assert await ledger.put_lease(TALK, lease(2))
    assert not await ledger.put_lease(TALK, dataclasses.replace(lease(2), secret_hash="another"))
    assert not await ledger.put_lease(TALK, lease(1))
    assert (await ledger.recall(TALK)).lease == lease(2)
    assert await ledger.put_lease(TALK, lease(3))
    assert (await ledger.recall(TALK)).lease == lease(3)


# --- updates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", range(21))
async def test_updates_are_found_exactly_after_any_one(ledger: SqlLedger, after: int) -> None:
    for numbers in (range(1, 2), range(2, 9), range(9, 10), range(10, 20)):
        await asyncio.gather(say(ledger, TALK, numbers), say(ledger, OTHER_TALK, numbers))
    assert await ledger.updates(TALK, after=after) == said(range(after + 1, 20))


async def test_updates_are_found_in_portions_without_a_gap(ledger: SqlLedger) -> None:
    for first in range(1, 100, 7):
        await say(ledger, TALK, range(first, first + 7))
    after, found = 0, list[object]()
    while portion := await ledger.updates(TALK, after=after, limit=10):
        assert len(portion) < 17
        found += portion
        after = portion[-1][0]
    assert found == said(range(1, 106))


async def test_updates_of_several_conversations_put_by_turns_stay_apart(ledger: SqlLedger) -> None:
    for seq in range(1, 6):
        ledger.put_update(TALK, seq, AgentSaid(str(seq)))
        ledger.put_update(OTHER_TALK, seq + 10, AgentSaid(str(seq + 10)))
    await ledger.put_turn(TALK, running())
    assert await ledger.updates(TALK, after=0) == said(range(1, 6))
    assert await ledger.updates(OTHER_TALK, after=0) == said(range(11, 16))


# --- what goes on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "goes_on"),
    [
        ((), True),
        ((CallState.SHOWN,), False),
        ((CallState.SHOWN, CallState.DONE), False),
        ((CallState.SHOWN, CallState.REQUESTED), True),
        ((CallState.SHOWN, CallState.APPROVED), True),
        ((CallState.SHOWN, CallState.CLAIMED), True),
        ((CallState.APPROVED,), True),
        ((CallState.DONE, CallState.DENIED), True),
    ],
)
@pytest.mark.parametrize("turn", [waiting(), running()], ids=["waiting", "running"])
async def test_a_stopped_turn_goes_on_unless_all_that_is_open_waits_for_a_person(
    ledger: SqlLedger, turn: TurnRecord, states: tuple[CallState, ...], *, goes_on: bool
) -> None:
    ledger.put_turn(TALK, turn)
    ledger.put_turn(TALK, waiting("a later one"))
    for number, state in enumerate(states):
        ledger.put_call(TALK, call(state, str(number)))
        ledger.put_call(OTHER_TALK, call(CallState.SHOWN, str(number)))
    await ledger.put_turn(OTHER_TALK, ended())
    assert await ledger.stopped() == ([TALK] if goes_on else [])


async def test_a_turn_that_was_being_cancelled_goes_on_whatever_waits_for_a_person(ledger: SqlLedger) -> None:
    await ledger.put_turn(OTHER_TALK, running())
    for key in (TALK, OTHER_TALK):
        ledger.put_call(key, call(CallState.SHOWN))
    cancelling = dataclasses.replace(running(), state=TurnState.CANCELLING)
    ledger.put_turn(TALK, cancelling)
    await ledger.put_turn(TALK, waiting("said later"))
    assert await ledger.stopped() == [TALK]
    assert (await ledger.recall(TALK)).unfinished == (cancelling, waiting("said later"))


async def test_an_ended_turns_calls_hold_nothing_up(ledger: SqlLedger) -> None:
    ledger.put_turn(TALK, ended())
    ledger.put_call(TALK, call(CallState.SHOWN))
    await ledger.put_turn(TALK, waiting("two"))
    assert await ledger.stopped() == [TALK]


async def test_only_shown_calls_of_this_boot_are_overdue(ledger: SqlLedger) -> None:
    ledger.put_call(TALK, call(CallState.SHOWN, "over", deadline=overdue_at(10, 5)))
    ledger.put_call(TALK, call(CallState.SHOWN, "over, too", deadline=overdue_at(10, 4)))
    ledger.put_call(OTHER_TALK, call(CallState.SHOWN, deadline=overdue_at(10, 6)))
    ledger.put_call(STRANGERS[0], call(CallState.APPROVED, deadline=overdue_at(10, 5)))
    await ledger.put_call(STRANGERS[1], call(CallState.SHOWN))
    assert await ledger.overdue(Moment(BOOT, 13.9)) == []
    assert await ledger.overdue(Moment(BOOT, 15.0)) == [TALK]
    assert await ledger.overdue(Moment("boot-2", 1e9)) == []
    assert set(await ledger.overdue(Moment(BOOT, 16.0))) == {TALK, OTHER_TALK}


async def test_thousands_of_pending_calls_are_looked_through_in_no_time(ledger: SqlLedger) -> None:
    deadlines = [overdue_at(number, 1) for number in range(2_000)]
    for number, deadline in enumerate(deadlines):
        key = SessionKey(ADA, SessionId(f"session_ada_{number}"))
        ledger.put_turn(key, running())
        ledger.put_call(key, call(CallState.SHOWN, deadline=deadline))
    await ledger.put_turn(TALK, ended())
    clock = asyncio.get_running_loop().time
    times = []
    for _ in range(5):
        begun = clock()
        assert len(await ledger.stopped()) == 0
        assert len(await ledger.overdue(Moment(BOOT, 10.0))) == 10
        times.append(clock() - begun)
    # Alone on the machine it is a fortieth of this; tests/faults has the figure for ten thousand.
    assert min(times) < 0.5


# --- whose it is ------------------------------------------------------------------------------------------------


async def put_all(ledger: SqlLedger, key: SessionKey) -> None:
    ledger.put_turn(key, running())
    ledger.put_call(key, call(CallState.APPROVED, epoch=1))
    ledger.put_lease(key, lease(1))
    await ledger.put_update(key, 1, UserSaid(ONE, "hi"))


async def test_nobody_else_finds_or_claims_anything(ledger: SqlLedger) -> None:
    await put_all(ledger, TALK)
    for stranger in STRANGERS:
        assert await ledger.recall(stranger) == Recalled()
        assert await ledger.turn(stranger, ONE) is None
        assert await ledger.updates(stranger, after=0) == []
        assert not await ledger.claim_call(stranger, call(CLAIMED, epoch=1, claim="theft"))
        await ledger.put_lease(stranger, lease(2))
    assert await ledger.claim_call(TALK, call(CLAIMED, epoch=1, claim="mine"))


async def test_forgetting_one_person_leaves_the_others(ledger: SqlLedger) -> None:
    for key in (TALK, OTHER_TALK, *STRANGERS):
        await put_all(ledger, key)
    late = ledger.put_update(TALK, 2, AgentSaid("put before it is forgotten"))
    await ledger.forget(ADA)
    await late
    for key in (TALK, OTHER_TALK):
        assert await ledger.recall(key) == Recalled()
        assert await ledger.updates(key, after=0) == []
    for stranger in STRANGERS:
        assert (await ledger.recall(stranger)).calls == (call(CallState.APPROVED, epoch=1),)
        assert await ledger.updates(stranger, after=0) == [(1, UserSaid(ONE, "hi"))]
    await say(ledger, TALK, range(1, 3))
    assert await ledger.updates(TALK, after=0) == said(range(1, 3)), "numbers begin anew"


async def test_a_failing_database_is_a_sentence(engine: AsyncEngine, ledger: SqlLedger) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE turn")
    with pytest.raises(StorageError, match="try again"):
        await ledger.recall(TALK)
    with pytest.raises(StorageError, match="try again"):
        await ledger.put_turn(TALK, TurnRecord(ONE, "", TurnState.WAITING))
