"""Grants and the audit log come back as they were kept, each person's own only, and a grant covers one call exactly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.decision import AuditEntry, Decided, Decision, Whereabouts
from server.core.grant import Asked, Grant, GrantId
from server.core.tool_call import CallState
from server.storage.ledger import SqlLedger
from server.storage.sql_grants import SqlGrants
from server.storage.tables import AUDIT, GRANT
from shared.errors import StorageError
from shared.ids import ToolCallId
from tests.contracts.records import ADA, HARD, OTHER_TALK, STRANGERS, TALK, call

NOON = datetime(2026, 11, 21, 12, 0, 0, 123_457, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
BOB = STRANGERS[1].identity
WHERE = Whereabouts(HARD, HARD, HARD)
GRANT_1 = Grant(
    id=GrantId("00000000-0000-4000-8000-000000000001"),
    identity=ADA,
    device=HARD,
    label=HARD,
    folder=HARD,
    tool=HARD,
    arguments={"path": HARD, "n": [1, 1.0, True, None]},
    arguments_hash="0" * 64,
    created_at=NOON,
    expires_at=NOON + timedelta(days=30),
)
ASKED = Asked(ADA, HARD, HARD, HARD, "0" * 64)
ENTRY = AuditEntry("entry-1", NOON, TALK, ToolCallId(HARD), HARD, "0" * 64, Decided(Decision.ALLOWED_EXACTLY, WHERE))


@pytest.fixture
async def ledger(engine: AsyncEngine) -> AsyncIterator[SqlLedger]:
    made = SqlLedger(engine)
    yield made
    await made.close(5)


@pytest.fixture
def grants(engine: AsyncEngine) -> SqlGrants:
    return SqlGrants(engine)


def other(number: int, **changed: object) -> tuple[AuditEntry, Grant]:
    """A further decision, and the grant that it was."""
    return replace(ENTRY, id=f"entry-{number}"), replace(GRANT_1, id=GrantId(f"grant-{number}"), **changed)  # type: ignore[arg-type]  # fields


async def test_a_grant_and_its_entry_come_back_as_they_were_kept(ledger: SqlLedger, grants: SqlGrants) -> None:
    await ledger.put_decision(ENTRY, GRANT_1)
    assert await grants.of_person(ADA, LATER) == (GRANT_1,)
    assert repr((await grants.of_person(ADA, LATER))[0].arguments) == repr(GRANT_1.arguments), "1, 1.0 and True"
    assert await grants.log(ADA, 10) == (ENTRY,)
    assert await ledger.granted(ASKED, LATER) == GRANT_1


@pytest.mark.parametrize(
    ("asked", "now"),
    [
        (replace(ASKED, identity=BOB), LATER),
        (replace(ASKED, identity=STRANGERS[0].identity), LATER),
        (replace(ASKED, device="phone"), LATER),
        (replace(ASKED, device=""), LATER),
        (replace(ASKED, folder="/elsewhere"), LATER),
        (replace(ASKED, folder=""), LATER),
        (replace(ASKED, tool="notify"), LATER),
        (replace(ASKED, arguments_hash="1" * 64), LATER),
        (ASKED, NOON - timedelta(seconds=1)),
        (ASKED, NOON + timedelta(days=30)),
        (ASKED, NOON + timedelta(days=3650)),
    ],
    ids=[
        "user",
        "tenant",
        "device",
        "no device",
        "folder",
        "no folder",
        "tool",
        "arguments",
        "clock set back",
        "over",
        "long over",
    ],
)
async def test_a_grant_covers_nothing_else(ledger: SqlLedger, asked: Asked, now: datetime) -> None:
    await ledger.put_decision(ENTRY, GRANT_1)
    assert await ledger.granted(asked, now) is None


async def test_granted_again_it_lasts_anew_and_there_is_one(ledger: SqlLedger, grants: SqlGrants) -> None:
    await ledger.put_decision(ENTRY, GRANT_1)
    entry, again = other(2, created_at=LATER, expires_at=LATER + timedelta(days=30))
    await ledger.put_decision(entry, again)
    (kept,) = await grants.of_person(ADA, LATER)
    assert (kept.created_at, kept.expires_at) == (again.created_at, again.expires_at)


async def test_granted_in_two_folders_it_is_two_grants_and_however_long_a_path_is(
    ledger: SqlLedger, grants: SqlGrants
) -> None:
    elsewhere = "/long" * 2_000
    await ledger.put_decision(ENTRY, GRANT_1)
    await ledger.put_decision(*other(2, folder=elsewhere))
    assert len(await grants.of_person(ADA, LATER)) == 2
    for folder in (GRANT_1.folder, elsewhere):
        found = await ledger.granted(replace(ASKED, folder=folder), LATER)
        assert found is not None
        assert found.folder == folder


async def test_a_decision_that_is_written_again_counts_once(ledger: SqlLedger, grants: SqlGrants) -> None:
    await asyncio.gather(ledger.put_decision(ENTRY, GRANT_1), ledger.put_decision(ENTRY, GRANT_1))
    assert await grants.log(ADA, 10) == (ENTRY,)
    assert await grants.of_person(ADA, LATER) == (GRANT_1,)


async def test_the_list_is_the_persons_own_oldest_first_and_without_what_is_over(
    ledger: SqlLedger, grants: SqlGrants
) -> None:
    await ledger.put_decision(*other(1, tool="new", created_at=NOON + timedelta(hours=2)))
    await ledger.put_decision(*other(2, tool="old", created_at=NOON + timedelta(hours=1)))
    await ledger.put_decision(*other(3, tool="over", expires_at=LATER))
    await ledger.put_decision(*other(4, identity=BOB))
    assert [grant.tool for grant in await grants.of_person(ADA, LATER)] == ["old", "new"]


async def test_what_is_revoked_covers_nothing_at_once_and_a_stranger_revokes_nothing(
    ledger: SqlLedger, grants: SqlGrants
) -> None:
    await ledger.put_decision(ENTRY, GRANT_1)
    for key in STRANGERS:
        assert not await grants.revoke(key.identity, GRANT_1.id)
        assert await grants.revoke_all(key.identity) == 0
    assert not await grants.revoke(ADA, GrantId("' OR ''='"))
    assert await ledger.granted(ASKED, LATER) == GRANT_1
    assert await grants.revoke(ADA, GRANT_1.id)
    assert await ledger.granted(ASKED, LATER) is None
    assert not await grants.revoke(ADA, GRANT_1.id)


async def test_all_are_revoked_at_once_and_counted(ledger: SqlLedger, grants: SqlGrants) -> None:
    for number in range(3):
        await ledger.put_decision(*other(number, tool=f"tool-{number}"))
    await ledger.put_decision(*other(9, identity=BOB))
    assert await grants.revoke_all(ADA) == 3
    assert await grants.of_person(ADA, LATER) == ()
    assert len(await grants.of_person(BOB, LATER)) == 1


async def test_a_reset_takes_the_grants_of_that_person_and_leaves_the_log(ledger: SqlLedger, grants: SqlGrants) -> None:
    await ledger.put_decision(ENTRY, GRANT_1)
    await ledger.put_decision(*other(2, identity=BOB))
    await ledger.forget(ADA)
    assert await grants.of_person(ADA, LATER) == ()
    assert len(await grants.of_person(BOB, LATER)) == 1
    assert len(await grants.log(ADA, 10)) == 2


async def test_the_log_is_the_persons_own_and_gives_the_latest_in_order(ledger: SqlLedger, grants: SqlGrants) -> None:
    for number in range(5):
        await ledger.put_decision(replace(ENTRY, id=f"entry-{number}", key=OTHER_TALK))
    await ledger.put_decision(replace(ENTRY, id="stranger", key=STRANGERS[0]))
    assert [entry.id for entry in await grants.log(ADA, 3)] == ["entry-2", "entry-3", "entry-4"]
    assert [entry.id for entry in await grants.log(STRANGERS[0].identity, 3)] == ["stranger"]


@pytest.mark.parametrize("decision", Decision)
async def test_each_decision_has_a_word_in_the_log(ledger: SqlLedger, grants: SqlGrants, decision: Decision) -> None:
    await ledger.put_decision(replace(ENTRY, decided=Decided(decision, Whereabouts())))
    ((entry),) = await grants.log(ADA, 1)
    assert entry.decided == Decided(decision, Whereabouts())


async def test_what_is_over_is_cleared_away(ledger: SqlLedger, grants: SqlGrants, engine: AsyncEngine) -> None:
    await ledger.put_decision(*other(1, tool="over", expires_at=LATER))
    await ledger.put_decision(*other(2, tool="lasts"))
    assert await grants.purge(LATER) == 1
    async with engine.connect() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(GRANT)) == 1


async def test_a_decision_is_committed_with_its_call_or_not_at_all(ledger: SqlLedger, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(sa.text("DROP TABLE audit"))
    put = [ledger.put_call(TALK, call(CallState.APPROVED)), ledger.put_decision(ENTRY, GRANT_1)]
    for failed in await asyncio.gather(*put, return_exceptions=True):
        assert isinstance(failed, StorageError)
    assert (await ledger.recall(TALK)).calls == ()
    assert await ledger.granted(ASKED, LATER) is None


async def test_a_database_that_fails_is_an_error_of_ours(
    ledger: SqlLedger, grants: SqlGrants, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        for table in (GRANT, AUDIT):
            await connection.run_sync(table.drop)
    for failing in (
        ledger.granted(ASKED, LATER),
        grants.of_person(ADA, LATER),
        grants.revoke(ADA, GRANT_1.id),
        grants.revoke_all(ADA),
        grants.log(ADA, 1),
        grants.purge(LATER),
    ):
        with pytest.raises(StorageError):
            await failing
