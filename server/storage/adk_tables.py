"""Takes up the making of ADK's tables where a crash cut it short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

VERSION = sa.table("adk_internal_metadata", sa.column("key"))


async def clear_half_made(engine: AsyncEngine) -> None:
    """Have ADK begin again if it was killed while it made its tables.

    It makes them in one transaction and notes their version in the next; killed in between, it would say that the
    database is malformed at every start (seen with google-adk 2.13.0). Without the empty table of versions it makes
    what is missing and notes the version.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_clear)


def _clear(connection: sa.Connection) -> None:
    is_made = sa.inspect(connection).has_table(VERSION.name)
    if is_made and connection.execute(sa.select(VERSION.c.key).limit(1)).first() is None:
        connection.execute(sa.schema.DropTable(sa.Table(VERSION.name, sa.MetaData())))
