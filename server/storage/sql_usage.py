"""The books of what was used, read from the database; implements ``server.ports.UsageStore``."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.identity import Identity
from server.storage.failures import as_storage_error
from server.storage.of_person import of_person
from server.storage.tables import TOKEN_USAGE
from shared.ids import SessionId, TenantId
from shared.usage import TokenUsage


class SqlUsage:
    """Sums over the turns; every method raises ``StorageError`` if the database failed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_session(self, identity: Identity, session_id: SessionId) -> TokenUsage:
        """What one conversation used."""
        return await self._sum(*of_person(TOKEN_USAGE, identity), TOKEN_USAGE.c.session_id == session_id)

    async def of_user(self, identity: Identity, since: datetime | None = None) -> TokenUsage:
        """What one person used since a moment in UTC, or ever."""
        return await self._sum(*of_person(TOKEN_USAGE, identity), *_since(since))

    async def of_tenant(self, tenant: TenantId, since: datetime | None = None) -> TokenUsage:
        """What all people of a tenant used since a moment in UTC, or ever."""
        return await self._sum(TOKEN_USAGE.c.tenant == tenant, *_since(since))

    async def _sum(self, *conditions: sa.ColumnElement[bool]) -> TokenUsage:
        with as_storage_error():
            async with self._engine.connect() as connection:
                return await connection.run_sync(lambda sync: summed(sync, *conditions))


def summed(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> TokenUsage:
    """The sum of the entries that meet the conditions."""
    columns = (TOKEN_USAGE.c.prompt, TOKEN_USAGE.c.completion, TOKEN_USAGE.c.total)
    query = sa.select(*(sa.func.coalesce(sa.func.sum(column), 0) for column in columns)).where(*conditions)
    prompt, completion, total = connection.execute(query).one()
    return TokenUsage(int(prompt), int(completion), int(total))


def _since(moment: datetime | None) -> list[sa.ColumnElement[bool]]:
    return [] if moment is None else [TOKEN_USAGE.c.ended_at >= moment.timestamp()]
