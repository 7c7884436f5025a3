"""Real databases for the contracts: a SQLite file, and a PostgreSQL database of the test's own."""

from __future__ import annotations

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
    name = f"ringback_{uuid.uuid4().hex}"
    admin = await asyncpg.connect("postgresql://postgres@127.0.0.1:5432/postgres")
    try:
        await admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{POSTGRESQL}/{name}"
        finally:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()
