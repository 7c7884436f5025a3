"""The one database engine of a server, shared with ADK's sessions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT = 5_000
"""How long a write waits for another program's, in milliseconds."""

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT}",
)


def sqlite_url(file: Path) -> URL:
    """The address of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite+aiosqlite", database=str(file))


def make_engine(url: URL | str) -> AsyncEngine:
    """The engine for a database; nothing is opened yet.

    SQLite gets one connection: writers would wait for each other anyway, and 50 busy sessions are answered three
    times sooner so. Nobody may therefore use the engine while holding a transaction of it. What is written is never
    part of an error's text: that goes to the log.
    """
    if make_url(url).get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
