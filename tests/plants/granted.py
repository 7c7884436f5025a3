"""Planted bugs in what runs unasked: grants that cover more than they were given for."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from typing import Any


def granted_by_the_tool_alone() -> None:
    """What was allowed with some arguments runs with any."""
    _grants_ignore("arguments_hash")


def granted_on_every_device() -> None:
    """What was allowed on one device runs on all of the person's."""
    _grants_ignore("device")


def granted_in_every_folder() -> None:
    """What was allowed in one working folder runs in all of them."""
    _grants_ignore("folder")


def granted_to_every_user() -> None:
    """What one person allowed runs for others of the tenant."""
    _grants_ignore("user_id")


def granted_in_every_tenant() -> None:
    """What was allowed in one tenant runs for a user of that name in another."""
    _grants_ignore("tenant")


def grants_never_expire() -> None:
    """What was allowed once is allowed for good."""
    importlib.import_module("server.core.grant").Grant.lasts = lambda self, now: True


def revoked_grants_count() -> None:
    """What was taken back is said to be, and stays."""

    async def revoke(self: Any, identity: Any, grant_id: Any) -> bool:
        return True

    importlib.import_module("server.storage.sql_grants").SqlGrants.revoke = revoke


def any_tool_allowed_as_such() -> None:
    """Also a tool of which other arguments do something else entirely."""
    for name in ("policy", "desk_call", "policy_rules"):
        module: Any = importlib.import_module(f"server.core.{name}")
        module.is_only_exactly = lambda spec: False


def hashed_as_text() -> None:
    """Arguments are equal if Python writes their values alike: the text "1" and the number."""

    def arguments_hash(arguments: Any) -> str:
        text = ",".join(f"{name}={value}" for name, value in sorted(arguments.items()))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    _hash_by(arguments_hash)


def hashed_in_order() -> None:
    """Arguments are equal only if they come in the same order."""
    _hash_by(lambda arguments: hashlib.sha256(str(arguments).encode("utf-8", "surrogatepass")).hexdigest())


def _hash_by(arguments_hash: Callable[[Any], str]) -> None:
    for name in ("desk", "desk_call", "ruled_calls"):
        module: Any = importlib.import_module(f"server.core.{name}")
        module.arguments_hash = arguments_hash


def _grants_ignore(*ignored: str) -> None:
    reading = importlib.import_module("server.storage.ledger_reading")

    def parts(identity: Any, device: str, folder: str, tool: str, arguments_hash: str) -> dict[str, str]:
        found = {"tenant": identity.tenant, "user_id": identity.user_id, "device": device, "folder": folder}
        return {k: v for k, v in {**found, "tool": tool, "arguments_hash": arguments_hash}.items() if k not in ignored}

    async def granted(self: Any, asked: Any, now: Any) -> Any:
        query = reading.sa.select(reading.GRANT)
        rows = await self._read(lambda connection: connection.execute(query).mappings().all())
        wanted = parts(asked.identity, asked.device, asked.folder, asked.tool, asked.arguments_hash)
        for grant in map(reading.grant_of, rows):
            if parts(
                grant.identity, grant.device, grant.folder, grant.tool, grant.arguments_hash
            ) == wanted and grant.lasts(now):
                return grant
        return None

    reading.LedgerReading.granted = granted


PLANTS: tuple[Callable[[], None], ...] = (
    granted_by_the_tool_alone,
    granted_on_every_device,
    granted_in_every_folder,
    granted_to_every_user,
    granted_in_every_tenant,
    grants_never_expire,
    revoked_grants_count,
    any_tool_allowed_as_such,
    hashed_as_text,
    hashed_in_order,
)
