"""The rooms of a server keep what was put into them until they are closed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.context.thread_pool import start_workers
from server.core.deadline import Moment
from server.process.settings import read_settings
from server.rooms import DatabaseFile, Rooms
from server.storage.database_file import inspect_file
from shared.frames import AgentSaid
from tests.contracts.records import TALK


def rooms_of(folder: Path) -> Rooms:
    settings = read_settings({}, {"RINGBACK_HOME": str(folder)})
    file = folder / "ringback.db"
    database = DatabaseFile(file, inspect_file(file))
    return Rooms(settings, database, (), start_workers(agent=1, tool=1), notice=lambda _: None)


async def test_what_was_put_into_the_ledger_before_closing_is_there_after(tmp_path: Path) -> None:
    async with asyncio.timeout(60):
        rooms = rooms_of(tmp_path)
        ledger = (await rooms.stores.get()).ledger
        waits = ledger.put_update(TALK, 1, AgentSaid("word"))
        await rooms.close()
        assert waits.done()
        later = rooms_of(tmp_path)
        found = (await later.stores.get()).ledger
        assert await found.updates(TALK, after=0) == [(1, AgentSaid("word"))]
        assert await found.overdue(Moment("boot", 0.0)) == []
        await later.close()
