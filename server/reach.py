"""Whether a server that other machines reach may start: not without a credential that opens it from there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from server.process.address import Tcp
from server.process.settings import ServerSettings
from server.storage.database_file import DatabaseState, inspect_file
from server.storage.engine import make_engine, sqlite_url
from server.storage.sql_keys import SqlKeys
from shared.errors import UsageError


def check_reach(settings: ServerSettings, database: Path) -> None:
    """Pass if nobody else reaches it, or there are JSON Web Tokens or an API key to open it with.

    Raises:
        UsageError: if there are none.
    """
    address = settings.address
    if not (isinstance(address, Tcp) and address.is_reachable) or settings.jwt is not None:
        return
    if inspect_file(database) is DatabaseState.CURRENT and asyncio.run(_has_key(database)):
        return
    raise UsageError(
        f"{address.host} can be reached from other machines, and nobody could prove there who they are: the token in "
        "the data folder counts on this machine alone. Make an API key first (ringback token create), or say jwks, "
        "jwt_issuer and jwt_audience. Nothing was opened."
    )


async def _has_key(database: Path) -> bool:
    engine = make_engine(sqlite_url(database))
    try:
        now = datetime.now(UTC)
        return any(key.opens(now) for key in await SqlKeys(engine).find_all())
    finally:
        await engine.dispose()
