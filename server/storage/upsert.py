"""Insert or replace one row, in the words of the database at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine


def upsert(
    engine: AsyncEngine, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> sqlite.Insert | postgresql.Insert:
    """The statement that writes ``values`` for ``key``, the table's primary key, whether it is there or not."""
    if engine.dialect.name == "postgresql":
        to_postgresql = postgresql.insert(table).values(**key, **values)
        return to_postgresql.on_conflict_do_update(index_elements=list(key), set_=dict(values))
    to_sqlite = sqlite.insert(table).values(**key, **values)
    return to_sqlite.on_conflict_do_update(index_elements=list(key), set_=dict(values))
