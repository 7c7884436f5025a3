"""When what is put into the ledger is committed: together, in order, once told for good, and through an outage."""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from server.core.records import Recalled
from server.core.remembered import TurnUsage
from server.core.tool_call import CallState
from server.storage.engine import make_engine, sqlite_url
from server.storage.group_commit import AWAY, BACK
from server.storage.ledger import SqlLedger
from server.storage.outage import is_outage
from server.storage.schema import upgrade
from server.storage.sql_usage import SqlUsage
from shared.errors import StorageError
from shared.frames import AgentSaid
from shared.usage import TokenUsage
from tests.contracts.ledger_writer import TALKS, write_until_killed
from tests.contracts.records import ADA, ONE, OTHER_TALK, TALK, call, lease, running, waiting
from tests.contracts.test_conversation_store import KEPT, NOON

TOO_LARGE = 2**70
"""A number that no database takes."""
WORD = AgentSaid("word ")
TRIALS = 20


@pytest.fixture
async def ledger(engine: AsyncEngine) -> AsyncIterator[SqlLedger]:
    made = SqlLedger(engine)
    yield made
    await made.close(5)


@contextmanager
def commits_counted(engine: AsyncEngine) -> Iterator[list[object]]:
    commits: list[object] = []
    count = commits.append
    event.listen(engine.sync_engine, "commit", count)
    yield commits
    event.remove(engine.sync_engine, "commit", count)


@asynccontextmanager
async def impatient(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """An engine on the same database that waits for a lock for a moment only."""
    if engine.dialect.name == "postgresql":
        made = create_async_engine(engine.url, connect_args={"server_settings": {"lock_timeout": "50"}})
    else:
        made = make_engine(engine.url)
        async with made.connect() as connection:
            await connection.execute(text("PRAGMA busy_timeout=50"))
    try:
        yield made
    finally:
        await made.dispose()


@asynccontextmanager
async def locked(engine: AsyncEngine) -> AsyncIterator[None]:
    """For the block, somebody else has locked the database."""
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("LOCK TABLE turn, update_batch IN ACCESS EXCLUSIVE MODE"))
        else:
            await connection.execute(text("BEGIN IMMEDIATE"))
        yield
        await connection.rollback()


class Notices:
    """What people were told, and a way to wait for the next."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._came: asyncio.Queue[str] = asyncio.Queue()

    def __call__(self, sentence: str) -> None:
        self.told.append(sentence)
        self._came.put_nowait(sentence)

    async def next(self) -> str:
        async with asyncio.timeout(10):
            return await self._came.get()


# --- together, in order ------------------------------------------------------------------------------------------


async def test_what_is_put_in_one_stretch_is_one_transaction_and_told_in_order(
    engine: AsyncEngine, ledger: SqlLedger
) -> None:
    order: list[str] = []
    with commits_counted(engine) as commits:
        futures: dict[str, asyncio.Future[None] | asyncio.Future[bool]] = {
            "turn": ledger.put_turn(TALK, running()),
            "update": ledger.put_update(TALK, 1, WORD),
            "lease": ledger.put_lease(TALK, lease(1)),
            "another": ledger.put_update(OTHER_TALK, 1, WORD),
        }
        for name, future in futures.items():
            future.add_done_callback(functools.partial(_note, order, name))
        assert not any(future.done() for future in futures.values())
        await asyncio.gather(*futures.values())
    assert len(commits) == 1
    assert order == list(futures)


def _note(order: list[str], name: str, _future: asyncio.Future[Any]) -> None:
    order.append(name)


async def test_what_comes_while_a_commit_is_under_way_goes_together_into_the_next(
    engine: AsyncEngine, ledger: SqlLedger
) -> None:
    with commits_counted(engine) as commits:

        async def talk(number: int) -> None:
            for seq in range(1, 21):
                await ledger.put_update(TALKS[number], seq, WORD)

        await asyncio.gather(*(talk(number) for number in range(5)))
    assert len(commits) <= 40
    for key in TALKS:
        assert await ledger.updates(key, after=0) == [(seq, WORD) for seq in range(1, 21)]


async def test_a_refused_job_takes_its_own_stretch_along_and_no_other(ledger: SqlLedger) -> None:
    async def put(first: int, second: int) -> list[object]:
        futures = [ledger.put_update(TALK, seq, WORD) for seq in (first, second)]
        return [*await asyncio.gather(*futures, return_exceptions=True)]

    good, guilty, also_good = await asyncio.gather(put(1, 2), put(3, TOO_LARGE), put(5, 6))
    assert good == also_good == [None, None]
    assert [type(end) for end in guilty] == [StorageError, StorageError]
    assert [seq for seq, _ in await ledger.updates(TALK, after=0)] == [1, 2, 5, 6]
    await ledger.put_update(TALK, 7, WORD)


async def test_a_task_that_does_not_wait_begins_a_new_stretch_with_each_step(ledger: SqlLedger) -> None:
    ledger.put_turn(TALK, running())
    await asyncio.sleep(0)
    good = ledger.put_update(TALK, 1, WORD)
    await asyncio.sleep(0)
    guilty = ledger.put_update(TALK, TOO_LARGE, WORD)
    ends = await asyncio.gather(good, guilty, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), StorageError]


async def test_what_is_cancelled_before_its_turn_is_not_written(ledger: SqlLedger) -> None:
    kept, cancelled, last = (ledger.put_update(TALK, seq, WORD) for seq in (1, 2, 3))
    taken = ledger.take_turn(TALK, waiting())
    cancelled.cancel()
    taken.cancel()
    await asyncio.gather(kept, last)
    assert [seq for seq, _ in await ledger.updates(TALK, after=0)] == [1, 3]
    assert [seq for seq, _ in await ledger.updates(TALK, after=1)] == [3]
    assert (await ledger.recall(TALK)).seen == ()


async def test_who_is_cancelled_while_it_is_written_tears_nothing(ledger: SqlLedger) -> None:
    dice = random.Random(1)
    for seq in range(1, 60):
        task = asyncio.ensure_future(ledger.put_update(TALK, seq, WORD))
        for _ in range(dice.randrange(6)):
            await asyncio.sleep(0)
        task.cancel()
    async with asyncio.timeout(10):
        await ledger.put_update(TALK, 60, WORD)
        found = [seq for seq, _ in await ledger.updates(TALK, after=0)]
    assert found == sorted(set(found))
    assert found[-1] == 60


# --- an outage ---------------------------------------------------------------------------------------------------


async def test_while_the_database_is_locked_all_waits_and_then_goes_on(engine: AsyncEngine) -> None:
    notices = Notices()
    async with impatient(engine) as ours, asyncio.timeout(30):
        ledger = SqlLedger(ours, notice=notices)
        async with locked(engine):
            first = [ledger.put_turn(TALK, running()), ledger.put_update(TALK, 1, WORD)]
            await notices.next()
            given_up = ledger.put_update(TALK, 2, WORD)
            later = ledger.put_update(OTHER_TALK, 1, WORD)
            assert not any(future.done() for future in (*first, given_up, later))
            given_up.cancel()
        await asyncio.gather(*first, later)
        assert await notices.next() == BACK
        assert notices.told == [AWAY, BACK]
        assert await ledger.updates(TALK, after=0) == [(1, WORD)]
        assert await ledger.updates(OTHER_TALK, after=0) == [(1, WORD)]
        async with locked(engine):
            again = ledger.put_update(TALK, 2, WORD)
            assert await notices.next() == AWAY
        await again
        assert notices.told == [AWAY, BACK] * 2, "each outage is told once"
        await ledger.close(5)


async def test_what_is_cancelled_during_an_outage_is_not_written(engine: AsyncEngine) -> None:
    notices = Notices()
    async with impatient(engine) as ours, asyncio.timeout(30):
        ledger = SqlLedger(ours, notice=notices)
        async with locked(engine):
            futures = [ledger.put_update(TALK, seq, WORD) for seq in (1, 2, 3)]
            await notices.next()
            futures[1].cancel()
        await asyncio.gather(futures[0], futures[2])
        assert [seq for seq, _ in await ledger.updates(TALK, after=0)] == [1, 3]
        await ledger.close(5)


async def test_a_full_disk_is_an_outage_until_there_is_room(tmp_path: Path) -> None:
    engine = make_engine(sqlite_url(tmp_path / "ringback.db"))
    await upgrade(engine)
    notices = Notices()
    ledger = SqlLedger(engine, notice=notices)
    async with asyncio.timeout(30):
        async with engine.connect() as connection:
            pages = (await connection.execute(text("PRAGMA page_count"))).scalar()
            await connection.execute(text(f"PRAGMA max_page_count={pages}"))
        large = AgentSaid("word " * 10_000)
        done = ledger.put_update(TALK, 1, large)
        await notices.next()
        assert not done.done()
        async with engine.connect() as connection:
            await connection.execute(text("PRAGMA max_page_count=1000000"))
        await done
        assert await ledger.updates(TALK, after=0) == [(1, large)]
        await ledger.close(5)
    await engine.dispose()


async def test_what_cannot_be_written_when_the_ledger_is_closed_says_so(engine: AsyncEngine) -> None:
    notices = Notices()
    async with impatient(engine) as ours, asyncio.timeout(30):
        ledger = SqlLedger(ours, notice=notices)
        async with locked(engine):
            waits = ledger.put_update(TALK, 1, WORD)
            await notices.next()
            await ledger.close(0.05)
        for future in (waits, ledger.put_update(TALK, 2, WORD)):
            with pytest.raises(StorageError, match="stops"):
                await future


async def test_closing_writes_what_still_waits(engine: AsyncEngine) -> None:
    ledger = SqlLedger(engine)
    waits = ledger.put_update(TALK, 1, WORD)
    await ledger.close(5)
    assert waits.done()
    assert await SqlLedger(engine).updates(TALK, after=0) == [(1, WORD)]


def test_a_statement_that_can_never_succeed_is_no_outage() -> None:
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("SELECT * FROM nothing")
    assert not is_outage(OperationalError("SELECT", {}, caught.value))
    assert is_outage(ConnectionRefusedError())


# --- a commit whose outcome nobody was told ---------------------------------------------------------------------


@contextmanager
def breaking_once_committed(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """For the block, the next commit really happens, and the connection breaks before anybody is told."""
    commit, broken = engine.sync_engine.dialect.do_commit, list[object]()

    def commit_and_break(connection: Any) -> None:
        commit(connection)
        if not broken:
            broken.append(connection)
            raise ConnectionResetError("the connection broke")

    with monkeypatch.context() as patched:
        patched.setattr(engine.sync_engine.dialect, "do_commit", commit_and_break)
        yield broken


async def test_what_was_committed_though_the_connection_broke_is_our_own_doing(
    engine: AsyncEngine, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = call(CallState.CLAIMED, epoch=1, claim="ours")
    ledger.put_turn(TALK, running())
    await ledger.put_call(TALK, call(CallState.APPROVED))
    with breaking_once_committed(engine, monkeypatch) as broken:
        leased = ledger.put_lease(TALK, lease(1))
        taken = ledger.take_turn(TALK, waiting("two"))
        claimed = ledger.claim_call(TALK, claim)
        told = ledger.put_update(TALK, 1, WORD)
        booked = ledger.put_remembered(TALK, KEPT, TurnUsage(ONE, "demo", TokenUsage(1, 2, 3), NOON))
        assert tuple(await asyncio.gather(leased, taken, claimed, told, booked)) == (True, True, True, None, None)
    assert len(broken) == 1
    recalled = await ledger.recall(TALK)
    assert recalled.unfinished == (running(), waiting("two"))
    assert (recalled.calls, recalled.lease) == ((claim,), lease(1))
    assert await ledger.updates(TALK, after=0) == [(1, WORD)]
    assert await SqlUsage(engine).of_session(ADA, TALK.session_id) == TokenUsage(1, 2, 3)


async def test_what_somebody_else_did_is_not_ours_though_the_connection_broke(
    engine: AsyncEngine, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.put_turn(TALK, running())
    ledger.put_lease(TALK, lease(1))
    await ledger.put_call(TALK, call(CallState.APPROVED))
    await ledger.take_turn(TALK, waiting("two"))
    await ledger.claim_call(TALK, call(CallState.CLAIMED, epoch=1, claim="theirs"))
    with breaking_once_committed(engine, monkeypatch) as broken:
        taken = ledger.take_turn(TALK, waiting("two"))
        claimed = ledger.claim_call(TALK, call(CallState.CLAIMED, epoch=1, claim="ours"))
        assert tuple(await asyncio.gather(taken, claimed)) == (False, False)
    assert len(broken) == 1
    assert (await ledger.recall(TALK)).calls[0].claim == "theirs"


async def test_two_stretches_of_one_turn_are_two_entries_in_the_books(engine: AsyncEngine, ledger: SqlLedger) -> None:
    for _ in range(2):
        await ledger.put_remembered(TALK, KEPT, TurnUsage(ONE, "demo", TokenUsage(1, 2, 3), NOON))
    assert await SqlUsage(engine).of_session(ADA, TALK.session_id) == TokenUsage(2, 4, 6)


# --- a crash -----------------------------------------------------------------------------------------------------


async def test_what_was_told_as_committed_survives_a_kill(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.contracts.ledger_writer"])
    file = tmp_path / "ringback.db"
    dice = random.Random(4)
    for _ in range(TRIALS):
        engine = make_engine(sqlite_url(file))
        await upgrade(engine)
        await SqlLedger(engine).forget(ADA)
        await engine.dispose()
        hearing, saying = processes.Pipe(duplex=False)
        child = processes.Process(target=write_until_killed, args=(file, saying))
        child.start()
        saying.close()
        told = await asyncio.to_thread(_heard_until_killed, hearing, child, dice.randrange(1, 150))
        engine = make_engine(sqlite_url(file))
        ledger = SqlLedger(engine)
        for number, key in enumerate(TALKS):
            kept = [seq for seq, _ in await ledger.updates(key, after=0, limit=100_000)]
            recalled = await ledger.recall(key)
            mine = [(turn, seq) for who, turn, seq in told if who == number]
            assert kept == list(range(1, len(kept) + 1)), "no gap"
            assert {seq for _, seq in mine} <= set(kept), "told, so there"
            assert len(recalled.unfinished) == (len(kept) + 2) // 3, "a turn and its first update: both or neither"
            assert recalled == Recalled() or recalled.seq == len(kept)
        await engine.dispose()


def _heard_until_killed(
    hearing: multiprocessing.connection.Connection, child: multiprocessing.process.BaseProcess, enough: int
) -> list[tuple[int, int, int]]:
    told: list[tuple[int, int, int]] = []
    with closing(hearing):
        for _ in range(enough):
            assert hearing.poll(20), "the writer writes"
            told.append(hearing.recv())
        child.kill()
        try:
            while True:
                told.append(hearing.recv())
        except EOFError:
            pass
    child.join(10)
    child.close()
    return told
