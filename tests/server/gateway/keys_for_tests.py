"""API keys that live in memory, keys to try them with, and a door that knows the local token alone."""

from __future__ import annotations

import dataclasses
import secrets
from datetime import UTC, datetime, timedelta

from server.core.api_key import ID_BYTES, SECRET_BYTES, ApiKey, KeyId, key_id, key_text, read_key
from server.core.identity import DEFAULT_TENANT, Identity, Scope, identity_named
from server.gateway.authenticator import Authenticator, LocalToken
from shared.ids import TenantId, UserId
from shared.secret import Secret

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class KeysInMemory:
    """Satisfies ``server.ports.KeyStore``; ``found`` are the ids that were looked up."""

    def __init__(self) -> None:
        self.kept: dict[KeyId, ApiKey] = {}
        self.found: list[KeyId] = []

    async def create(self, key: ApiKey) -> None:
        self.kept[key.id] = key

    async def find(self, key_id: KeyId) -> ApiKey | None:
        self.found.append(key_id)
        return self.kept.get(key_id)

    async def find_all(self, *, tenant: TenantId | None = None, user_id: UserId | None = None) -> tuple[ApiKey, ...]:
        return tuple(self.kept.values())

    async def revoke(self, key_id: KeyId, at: datetime) -> ApiKey:
        self.kept[key_id] = dataclasses.replace(self.kept[key_id], revoked_at=at)
        return self.kept[key_id]


def new_key(
    identity: Identity,
    *scopes: Scope,
    made: datetime = NOON,
    lasts: timedelta | None = timedelta(days=1),
    label: str = "",
) -> tuple[str, ApiKey]:
    """A key as its owner has it, and as it is kept."""
    text = key_text(key_id(secrets.token_bytes(ID_BYTES)), secrets.token_bytes(SECRET_BYTES))
    shown = read_key(text)
    return text, ApiKey(
        id=shown.id,
        identity=identity,
        secret_hash=shown.secret_hash,
        scopes=frozenset(scopes or {Scope.CHAT}),
        label=label,
        created_at=made,
        expires_at=None if lasts is None else made + lasts,
    )


def knowing_local(token: str, kept: KeysInMemory | None = None) -> Authenticator:
    """Lets ``someone`` in with the local token, and whoever has one of the keys."""
    keys = kept or KeysInMemory()

    async def bring() -> KeysInMemory:
        return keys

    local = LocalToken(Secret(token), identity_named(DEFAULT_TENANT, "someone"))
    return Authenticator(local, bring, now=lambda: NOON + timedelta(hours=1))
