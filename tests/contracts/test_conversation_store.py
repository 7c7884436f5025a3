"""What is kept of conversations comes back as it went in, to its own person only; and the books add up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.identity import Identity, identity_named
from server.core.policy import PolicyAnswers
from server.core.remembered import Remembered, TurnUsage
from server.core.session_key import SessionKey
from server.storage.ledger import SqlLedger
from server.storage.sql_conversations import SqlConversations
from server.storage.sql_usage import SqlUsage
from shared.errors import StorageError
from shared.ids import ConnectionSignature, MessageId, SessionId
from shared.todos import Todo
from shared.usage import TokenUsage

ADA = identity_named("default", "ada")
OTHERS = (identity_named("acme", "ada"), identity_named("default", "bob"), identity_named("default:ada", "ada"))
TALK = SessionId("session_ada_1")
NOON = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)

KEPT = Remembered(
    run_id="run-1",
    client_identifier=ConnectionSignature("1"),
    created_at=NOON,
    last_activity=NOON + timedelta(seconds=5),
    seq=2**40,
    seen=(MessageId("one"), MessageId("two")),
    answers=PolicyAnswers({"notify"}, {"get_location"}),
    state={"nested": {"list": [1, 1.0, True, None, "\0 \ud800 é 😀"]}},
    usage=TokenUsage(1, 2, 3),
    todos=(Todo("write tests", "in_progress", "high"), Todo("é 😀")),
)


def turn(name: str, tokens: TokenUsage, at: datetime = NOON) -> TurnUsage:
    return TurnUsage(MessageId(name), "demo", tokens, at)


@pytest.fixture
def conversations(engine: AsyncEngine) -> SqlConversations:
    return SqlConversations(engine)


@pytest.fixture
async def ledger(engine: AsyncEngine) -> AsyncIterator[SqlLedger]:
    """What writes them."""
    ledger = SqlLedger(engine)
    yield ledger
    await ledger.close(5)


async def test_a_conversation_comes_back_as_it_was_saved(conversations: SqlConversations, ledger: SqlLedger) -> None:
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT)
    assert await conversations.load(ADA, TALK) == KEPT


async def test_a_second_save_takes_the_place_of_the_first(conversations: SqlConversations, ledger: SqlLedger) -> None:
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT)
    later = Remembered("run-1", KEPT.client_identifier, KEPT.created_at, NOON + timedelta(hours=1), seq=2**40 + 1)
    await ledger.put_remembered(SessionKey(ADA, TALK), later)
    assert await conversations.load(ADA, TALK) == later


@pytest.mark.parametrize("other", OTHERS)
async def test_nobody_else_finds_it_under_its_id(
    conversations: SqlConversations, ledger: SqlLedger, other: Identity
) -> None:
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT)
    assert await conversations.load(other, TALK) is None
    assert await conversations.forget(other) == 0
    assert await conversations.load(ADA, TALK) == KEPT


async def test_forgetting_takes_all_of_one_person_and_leaves_the_books(
    engine: AsyncEngine, conversations: SqlConversations, ledger: SqlLedger
) -> None:
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT, turn("one", TokenUsage(1, 2, 3)))
    await ledger.put_remembered(SessionKey(ADA, SessionId("session_ada_2")), KEPT)
    await ledger.put_remembered(SessionKey(OTHERS[0], TALK), KEPT)
    assert await conversations.forget(ADA) == 2
    assert await conversations.load(ADA, TALK) is None
    assert await conversations.load(OTHERS[0], TALK) == KEPT
    assert await SqlUsage(engine).of_user(ADA) == TokenUsage(1, 2, 3)


async def test_the_books_add_up_by_session_person_and_tenant(
    engine: AsyncEngine, conversations: SqlConversations, ledger: SqlLedger
) -> None:
    usage = SqlUsage(engine)
    assert await usage.of_user(ADA) == TokenUsage()
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT, turn("one", TokenUsage(1, 2, 3)))
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT, turn("two", TokenUsage(10, 20, 2**40)))
    await ledger.put_remembered(
        SessionKey(ADA, SessionId("session_ada_2")), KEPT, turn("three", TokenUsage(100, 200, 300))
    )
    await ledger.put_remembered(SessionKey(OTHERS[0], TALK), KEPT, turn("one", TokenUsage(7, 7, 7)))
    await ledger.put_remembered(
        SessionKey(OTHERS[1], SessionId("session_bob_1")), KEPT, turn("one", TokenUsage(1000, 2000, 3000))
    )
    assert await usage.of_session(ADA, TALK) == TokenUsage(11, 22, 2**40 + 3)
    assert await usage.of_user(ADA) == TokenUsage(111, 222, 2**40 + 303)
    assert await usage.of_tenant(ADA.tenant) == TokenUsage(1111, 2222, 2**40 + 3303)
    assert await usage.of_tenant(OTHERS[0].tenant) == TokenUsage(7, 7, 7)


async def test_the_books_know_since_when(
    engine: AsyncEngine, conversations: SqlConversations, ledger: SqlLedger
) -> None:
    before = NOON - timedelta(days=1)
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT, turn("one", TokenUsage(1, 1, 2), before))
    await ledger.put_remembered(SessionKey(ADA, TALK), KEPT, turn("two", TokenUsage(10, 10, 20)))
    assert await SqlUsage(engine).of_user(ADA, NOON) == TokenUsage(10, 10, 20)
    assert await SqlUsage(engine).of_tenant(ADA.tenant, before) == TokenUsage(11, 11, 22)


async def test_a_failing_database_is_a_sentence(
    engine: AsyncEngine, conversations: SqlConversations, ledger: SqlLedger
) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE conversation")
    with pytest.raises(StorageError, match="try again"):
        await conversations.load(ADA, TALK)
    with pytest.raises(StorageError):
        await ledger.put_remembered(SessionKey(ADA, TALK), KEPT, turn("one", TokenUsage(1, 2, 3)))
    assert await SqlUsage(engine).of_user(ADA) == TokenUsage(), "both or neither"
