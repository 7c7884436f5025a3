"""Whoever is cancelled amid a statement leaves the database's connections as they were."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.bus.local_changes import LocalChanges
from server.state.shared_state import SharedStates
from server.storage.sql_state import SqlState
from tests.contracts.databases import database
from tests.server.services_for_tests import ADA

CANCELS = 100


@pytest.fixture
def without_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list a process's open files")
@pytest.mark.usefixtures("without_garbage_collection")
async def test_cancelled_reads_and_writes_leave_no_connection_behind(tmp_path: Path) -> None:
    async with database("sqlite", tmp_path) as engine:
        store = SqlState(engine)

        async def bring() -> SqlState:
            return store

        states = SharedStates(bring, LocalChanges())
        state = states.of(ADA, None)
        await state.upsert("key", {})
        before = open_files()
        dice = random.Random(1)
        for number in range(CANCELS):
            work = state.update_field("key", f"field {number}", number) if number % 2 else state.list_states()
            task = asyncio.create_task(work)
            await asyncio.sleep(dice.random() * 0.003)
            task.cancel()
            await asyncio.wait({task})
        async with asyncio.timeout(10):
            assert await state.exists("key")
        assert open_files() <= before + 1
