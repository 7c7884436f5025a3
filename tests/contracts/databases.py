"""Real databases for the contracts: a SQLite file, and a PostgreSQL database of the test's own."""

from __future__ import annotations

import asyncio
import atexit
import functools
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.storage.engine import make_engine, sqlite_url
from server.storage.schema import upgrade

POSTGRESQL = "postgresql+asyncpg://postgres@127.0.0.1:5432"
KINDS = ("sqlite", "postgresql")


@functools.cache
def has_postgresql() -> bool:
    """Whether a PostgreSQL server listens on this machine."""
    try:
        socket.create_connection(("127.0.0.1", 5432), timeout=3).close()
    except OSError:
        return False
    return True


def skip_without_postgresql(kind: str) -> None:
    if kind == "postgresql" and not has_postgresql():
        pytest.skip("no PostgreSQL server answers on 127.0.0.1:5432")


@asynccontextmanager
async def database(kind: str, folder: Path) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty database with our tables; it is gone afterwards."""
    async with database_url(kind, folder) as url:
        engine = make_engine(url)
        try:
            await upgrade(engine)
            yield engine
        finally:
            await engine.dispose()


@asynccontextmanager
async def database_url(kind: str, folder: Path) -> AsyncIterator[str]:
    """The address of an empty database; several engines may use it at once."""
    if kind == "sqlite":
        yield sqlite_url(folder / "ringback.db").render_as_string()
        return
    name = _free.pop() if _free else await _made()
    try:
        yield f"{POSTGRESQL}/{name}"
    finally:
        await _empty(name)
        _free.append(name)


# --- databases of this process, emptied and used again: making one takes a second on a busy machine ---------------

ADMIN = "postgresql://postgres@127.0.0.1:5432"
_free: list[str] = []


async def _made() -> str:
    name = f"ringback_{uuid.uuid4().hex}"
    await _execute("postgres", f'CREATE DATABASE "{name}"')
    atexit.register(lambda: asyncio.run(_execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')))
    return name


async def _empty(name: str) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    await _execute(name, f"{others} AND pid <> pg_backend_pid()", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


async def _execute(database: str, *statements: str) -> None:
    connection = await asyncpg.connect(f"{ADMIN}/{database}")
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
