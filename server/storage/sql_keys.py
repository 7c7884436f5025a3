"""The API keys in the database."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.api_key import ApiKey, KeyId, KeyTakenError, UnknownKeyError
from server.core.identity import Identity, scopes_in
from server.storage.failures import as_storage_error
from server.storage.tables import API_KEY
from server.storage.unbroken import unbroken
from shared.ids import TenantId, UserId


class SqlKeys:
    """Satisfies ``server.ports.KeyStore`` on SQLite and PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            KeyTakenError: if there is one of that id.
            StorageError: if the database failed.
        """
        with as_storage_error():
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(sa.insert(API_KEY).values(_row(key)))
            except IntegrityError:
                raise KeyTakenError(f"There is a key {key.id} already. Make another one.") from None

    @unbroken
    async def find(self, key_id: KeyId) -> ApiKey | None:
        """The key of that id, revoked and expired ones included; ``None`` if there never was one.

        Raises:
            StorageError: if the database failed.
        """
        found = await self._select(API_KEY.c.id == key_id)
        return found[0] if found else None

    async def find_all(self, *, tenant: TenantId | None = None, user_id: UserId | None = None) -> tuple[ApiKey, ...]:
        """Every key, oldest first; only those of a tenant, of a user's name, or of both, where they are given.

        Raises:
            StorageError: if the database failed.
        """
        wanted = [API_KEY.c.tenant == tenant] if tenant is not None else []
        wanted += [API_KEY.c.user_id == user_id] if user_id is not None else []
        return await self._select(*wanted)

    async def revoke(self, key_id: KeyId, at: datetime) -> ApiKey:
        """The key as it is once revoked; one that was revoked before keeps the time of that.

        Raises:
            UnknownKeyError: if there is none of that id.
            StorageError: if the database failed.
        """
        first = sa.and_(API_KEY.c.id == key_id, API_KEY.c.revoked_at.is_(None))
        with as_storage_error():
            async with self._engine.begin() as connection:
                await connection.execute(sa.update(API_KEY).where(first).values(revoked_at=at.timestamp()))
        revoked = await self.find(key_id)
        if revoked is None:
            raise UnknownKeyError(f"There is no key {key_id}. The ids are in: ringback token list.")
        return revoked

    async def _select(self, *wanted: sa.ColumnElement[bool]) -> tuple[ApiKey, ...]:
        query = sa.select(API_KEY).where(*wanted).order_by(API_KEY.c.created_at, API_KEY.c.id)
        with as_storage_error():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).mappings().all()
        return tuple(_key(row) for row in rows)


def _row(key: ApiKey) -> dict[str, str | float | None]:
    return {
        "id": key.id,
        "tenant": key.identity.tenant,
        "user_id": key.identity.user_id,
        "secret_hash": key.secret_hash,
        "scopes": " ".join(sorted(key.scopes)),
        "label": key.label,
        "created_at": key.created_at.timestamp(),
        "expires_at": None if key.expires_at is None else key.expires_at.timestamp(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.timestamp(),
    }


def _key(row: sa.RowMapping) -> ApiKey:
    return ApiKey(
        id=KeyId(row["id"]),
        identity=Identity(TenantId(row["tenant"]), UserId(row["user_id"])),
        secret_hash=row["secret_hash"],
        scopes=scopes_in(row["scopes"]),
        label=row["label"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        expires_at=_moment(row["expires_at"]),
        revoked_at=_moment(row["revoked_at"]),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
