"""Shared state in the database; implements ``server.state.store.StateStore``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.identity import Identity
from server.core.state_values import escape, unescape
from server.state.store import NOTHING, TRACE_KEPT, Stored
from server.storage.of_person import of_person
from server.storage.tables import SHARED_STATE
from server.storage.unbroken import unbroken
from server.storage.upsert import insert_into
from shared.errors import StateError

ROW = SHARED_STATE.c


class SqlState:
    """One row for each key. A deleted key's row stays for a while, so that its versions go on.

    Each step is one statement, which the database makes whole by itself. So there is no transaction around it: to
    begin and to end one would take longer than the statement.
    """

    def __init__(self, engine: AsyncEngine, *, now: Callable[[], float] = time.time) -> None:
        alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = alone
        # SQLite begins no transaction to read, and to say so would cost more than it saves.
        self._reading = engine if engine.dialect.name == "sqlite" else alone
        self._now = now

    @unbroken
    async def read(self, owner: Identity, key: str) -> Stored:
        """What is kept under ``key``."""
        query = sa.select(ROW.document, ROW.version, ROW.expires_at).where(
            *of_person(SHARED_STATE, owner), ROW.key == escape(key)
        )
        with _as_state_error():
            async with self._reading.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
        if row is None:
            return NOTHING
        is_over = row.expires_at is not None and row.expires_at <= self._now()
        return Stored(None, row.version) if is_over else Stored(row.document, row.version, row.expires_at)

    async def swap(
        self, owner: Identity, key: str, found: Stored, document: str | None, expires_at: float | None = None
    ) -> bool:
        """Keep ``document`` if ``found`` is still what is there."""
        values = {
            "document": document,
            "version": found.version + 1,
            "expires_at": expires_at,
            "changed_at": self._now(),
        }
        named = {"tenant": owner.tenant, "user_id": owner.user_id, "key": escape(key)}
        statement: sa.Executable
        if found.version == 0:
            statement = insert_into(self._writing, SHARED_STATE).values(**named, **values).on_conflict_do_nothing()
        else:
            same = (*of_person(SHARED_STATE, owner), ROW.key == named["key"], ROW.version == found.version)
            statement = sa.update(SHARED_STATE).where(*same).values(**values)
        with _as_state_error():
            async with self._writing.connect() as connection:
                done = await connection.execute(statement)
        return bool(done.rowcount == 1)

    @unbroken
    async def keys(self, owner: Identity) -> list[str]:
        """The keys that something is kept under."""
        query = sa.select(ROW.key).where(*of_person(SHARED_STATE, owner), *self._alive())
        with _as_state_error():
            async with self._reading.connect() as connection:
                return [unescape(key) for key in await connection.scalars(query)]

    async def clear(self, owner: Identity) -> list[str]:
        """Delete everything of one person."""
        changes = {"document": None, "version": ROW.version + 1, "expires_at": None, "changed_at": self._now()}
        statement = (
            sa.update(SHARED_STATE)
            .where(*of_person(SHARED_STATE, owner), *self._alive())
            .values(changes)
            .returning(ROW.key)
        )
        with _as_state_error():
            async with self._writing.connect() as connection:
                return [unescape(key) for key in await connection.scalars(statement)]

    async def purge(self) -> int:
        """Take away the traces of what was deleted, or past its time, long ago."""
        long_ago = self._now() - TRACE_KEPT
        is_over = sa.or_(ROW.document.is_(None), ROW.expires_at < long_ago)
        statement = sa.delete(SHARED_STATE).where(ROW.changed_at < long_ago, is_over)
        with _as_state_error():
            async with self._writing.connect() as connection:
                return int((await connection.execute(statement)).rowcount)

    def _alive(self) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
        return ROW.document.is_not(None), sa.or_(ROW.expires_at.is_(None), ROW.expires_at > self._now())


@contextmanager
def _as_state_error() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StateError("The shared state cannot be reached: the database failed. Try again.") from error
