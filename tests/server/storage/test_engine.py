"""The engine that ADK and our own tables share."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from server.storage.database_file import inspect_file
from server.storage.engine import make_engine, sqlite_url


async def test_sqlite_is_opened_for_many_readers_and_one_writer(tmp_path: Path) -> None:
    engine = make_engine(sqlite_url(tmp_path / "ringback.db"))
    async with engine.connect() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 5000}
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.size() == 1
    await engine.dispose()


async def test_many_writers_at_once_wait_for_each_other(tmp_path: Path) -> None:
    engine = make_engine(sqlite_url(tmp_path / "ringback.db"))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE numbers (number INTEGER)"))

    async def write(number: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})

    async with asyncio.timeout(30):
        await asyncio.gather(*(write(number) for number in range(50)))
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar() == 50
    await engine.dispose()


async def test_the_files_beside_the_database_are_as_private_as_it(tmp_path: Path) -> None:
    file = tmp_path / "ringback.db"
    before = os.umask(0)
    try:
        inspect_file(file)
        engine = make_engine(sqlite_url(file))
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        await engine.dispose()
    finally:
        os.umask(before)
    assert modes == {"ringback.db": 0o600, "ringback.db-wal": 0o600, "ringback.db-shm": 0o600}
