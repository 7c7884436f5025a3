"""What a person granted, and the audit log, in the database; implements ``server.ports.GrantStore``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.decision import AuditEntry
from server.core.grant import Grant, GrantId
from server.core.identity import Identity
from server.storage.failures import as_storage_error
from server.storage.grant_rows import audit_of, grant_of
from server.storage.of_person import of_person
from server.storage.tables import AUDIT, GRANT
from server.storage.unbroken import unbroken

Result = TypeVar("Result")


class SqlGrants:
    """Every method raises ``StorageError`` if the database failed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_person(self, identity: Identity, now: datetime) -> tuple[Grant, ...]:
        """The person's grants that last, oldest first."""
        query = sa.select(GRANT).where(*of_person(GRANT, identity)).order_by(GRANT.c.created_at, GRANT.c.id)
        rows = await self._do(lambda connection: connection.execute(query).mappings().all())
        return tuple(grant for grant in map(grant_of, rows) if grant.lasts(now))

    async def revoke(self, identity: Identity, grant_id: GrantId) -> bool:
        """Take one of the person's grants back; ``False`` if they have none of that id."""
        return await self._delete(*of_person(GRANT, identity), GRANT.c.id == grant_id) > 0

    async def revoke_all(self, identity: Identity) -> int:
        """Take all of the person's grants back; how many there were."""
        return await self._delete(*of_person(GRANT, identity))

    async def log(self, identity: Identity, last: int) -> tuple[AuditEntry, ...]:
        """The person's latest entries in the audit log, oldest first."""
        query = sa.select(AUDIT).where(*of_person(AUDIT, identity)).order_by(AUDIT.c.id.desc()).limit(last)
        rows = await self._do(lambda connection: connection.execute(query).mappings().all())
        return tuple(audit_of(row) for row in reversed(rows))

    async def purge(self, now: datetime) -> int:
        """Clear away what is past its time; how many there were."""
        return await self._delete(GRANT.c.expires_at <= now.timestamp())

    async def _delete(self, *conditions: sa.ColumnElement[bool]) -> int:
        return await self._do(lambda connection: connection.execute(sa.delete(GRANT).where(*conditions)).rowcount)

    @unbroken
    async def _do(self, work: Callable[[sa.Connection], Result]) -> Result:
        with as_storage_error():
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
