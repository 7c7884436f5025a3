"""Insert rows, or replace them, in the words of the database at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

Insert = sqlite.Insert | postgresql.Insert


def insert_into(engine: AsyncEngine, table: sa.Table) -> Insert:
    """An insert that can be told what to do about a row that is there already."""
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)


def upsert(
    engine: AsyncEngine,
    table: sa.Table,
    key: Collection[str],
    only_if: Callable[[Insert], sa.ColumnElement[bool]] | None = None,
) -> Insert:
    """The statement that writes a whole row, whether there is one of that ``key`` or not.

    ``key`` are the columns of a primary key or a unique constraint. ``only_if`` gives, from the statement, on what
    condition a row that is there is replaced. An ``id`` that the database gives stays.
    """
    statement = insert_into(engine, table)
    replaced = {name: statement.excluded[name] for name in table.c.keys() if name not in {*key, "id"}}  # noqa: SIM118
    return statement.on_conflict_do_update(
        index_elements=list(key), set_=replaced, where=None if only_if is None else only_if(statement)
    )
