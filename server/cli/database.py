"""The database, opened by a command that may run beside a server or without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from server.process.data_lock import HeldError, held
from server.process.private_files import own_folder
from server.storage.database_file import DatabaseState, inspect_file
from server.storage.engine import make_engine, sqlite_url
from server.storage.schema import upgrade
from shared.errors import StartError

PATIENCE = 20.0
"""How long a server that is just starting may take to bring the database to its version, in seconds."""

LOOK_EVERY = 0.1


@asynccontextmanager
async def command_database(data_dir: Path, *, patience: float = PATIENCE) -> AsyncIterator[AsyncEngine]:
    """An engine on the database of ``data_dir``; it is made, or brought to this version, if need be.

    Raises:
        StartError: if it cannot be opened, or a server that uses it keeps it at another version.
    """
    own_folder(data_dir)
    file = data_dir / "ringback.db"
    engine = make_engine(sqlite_url(file))
    try:
        await _bring_to_this_version(engine, data_dir, file, patience)
        yield engine
    finally:
        await engine.dispose()


async def _bring_to_this_version(engine: AsyncEngine, data_dir: Path, file: Path, patience: float) -> None:
    give_up = asyncio.get_running_loop().time() + patience
    while inspect_file(file) is not DatabaseState.CURRENT:
        try:
            # Only the holder of the folder changes tables: a running server does not expect others to.
            with held(data_dir):
                if inspect_file(file) is not DatabaseState.CURRENT:
                    await upgrade(engine)
        except HeldError as error:
            if asyncio.get_running_loop().time() > give_up:
                reason = f"The server that runs (process {error.pid}) keeps the database at an older version."
                raise StartError(f"{reason} Stop it and try again.") from error
            await asyncio.sleep(LOOK_EVERY)
