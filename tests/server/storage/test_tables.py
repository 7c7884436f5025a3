"""The migrations and the tables that the code uses are the same."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from server.storage.database_file import VERSION_TABLE
from server.storage.engine import make_engine, sqlite_url
from server.storage.schema import upgrade
from server.storage.tables import METADATA


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    engine = make_engine(sqlite_url(tmp_path / "ringback.db"))
    await upgrade(engine)
    async with engine.connect() as connection:
        differences = await connection.run_sync(_compared)
    await engine.dispose()
    assert differences == []


def _compared(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": VERSION_TABLE})
    return list(compare_metadata(context, METADATA))
