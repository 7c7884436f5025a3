"""Runs the migrations on the connection that ``server.storage.schema`` hands over."""

from __future__ import annotations

from alembic import context

from server.storage.database_file import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    # SQLite cannot alter most of a table; Alembic then copies it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
