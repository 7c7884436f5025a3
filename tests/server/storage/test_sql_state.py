"""Shared state in a database that others use too, that fails, and whose rows are looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.state.store import NOTHING, TRACE_KEPT
from server.storage.sql_state import SqlState
from server.storage.tables import SHARED_STATE
from shared.errors import StateError
from tests.contracts.databases import KINDS, database, skip_without_postgresql
from tests.server.services_for_tests import ADA, BOB

COUNT = sa.select(sa.func.count()).select_from(SHARED_STATE)


@pytest.fixture(params=KINDS)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    skip_without_postgresql(request.param)
    async with database(request.param, tmp_path) as made:
        yield made


async def test_others_on_the_same_engine_still_have_whole_transactions(engine: AsyncEngine) -> None:
    store = SqlState(engine)
    await store.swap(ADA, "key", NOTHING, "{}")
    async with engine.connect() as connection:
        await connection.execute(SHARED_STATE.delete())
        await connection.rollback()
    async with engine.connect() as connection:
        assert await connection.scalar(COUNT) == 1
    assert (await store.read(ADA, "key")).document == "{}"


async def test_a_database_that_fails_is_a_sentence_that_shows_nothing_of_what_was_to_be_kept(
    engine: AsyncEngine,
) -> None:
    store = SqlState(engine)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE shared_state")
    for attempt in (
        store.read(ADA, "canary"),
        store.swap(ADA, "canary", NOTHING, '{"canary":1}'),
        store.keys(ADA),
        store.clear(ADA),
        store.purge(),
    ):
        with pytest.raises(StateError, match="Try again") as failed:
            await attempt
        assert "canary" not in str(failed.value)
        assert "canary" not in str(failed.value.__cause__)


async def test_what_was_deleted_leaves_a_trace_without_its_content_for_a_while(engine: AsyncEngine) -> None:
    now = 1_800_000_000.0
    store = SqlState(engine, now=lambda: now)
    for person in (ADA, BOB):
        await store.swap(person, "key", NOTHING, '{"secret":1}')
    found = await store.read(ADA, "key")
    await store.swap(ADA, "key", found, None)
    await store.clear(BOB)
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.select(SHARED_STATE.c.document, SHARED_STATE.c.version))).all()
    assert [tuple(row) for row in rows] == [(None, 2), (None, 2)]
    now += TRACE_KEPT
    assert await store.purge() == 0
    now += 1
    assert await store.purge() == 2


async def test_of_two_who_make_the_same_key_at_once_one_does_it(engine: AsyncEngine) -> None:
    store = SqlState(engine)
    done = await asyncio.gather(*(store.swap(ADA, "key", NOTHING, f'{{"n":{n}}}') for n in range(10)))
    assert sorted(done) == [False] * 9 + [True]
    assert (await store.read(ADA, "key")).document == f'{{"n":{done.index(True)}}}'
