"""Shared state from threads: the same as from the loop, and never a thread or a loop that waits for itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from server.bus.local_changes import LocalChanges
from server.state.shared_state import SharedState, SharedStates
from server.state.sync_state import SyncSharedState
from server.storage.memory_state import MemoryState
from shared.errors import StateError
from tests.server.services_for_tests import ADA


class StuckStore(MemoryState):
    """Never answers a read, and notes that it was given up."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.given_up = asyncio.Event()

    async def read(self, *_: object) -> object:  # type: ignore[override]  # never returns
        self.asked.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            self.given_up.set()


def state_in(store: MemoryState) -> SharedState:
    async def there() -> MemoryState:
        return store

    return SharedStates(there, LocalChanges()).of(ADA, None)


def sync(time_limit: float = 10) -> SyncSharedState:
    return SyncSharedState(state_in(MemoryState()), asyncio.get_running_loop(), time_limit=time_limit)


async def test_the_nine_operations_do_what_the_async_ones_do() -> None:
    state = sync()

    def work() -> list[object]:
        return [
            state.upsert_state("tally", {"coffee": 1}),
            state.get_state("tally"),
            state.update_field("tally", "tea", 2),
            state.get_field("tally", "tea"),
            state.delete_field("tally", "coffee"),
            state.state_exists("tally"),
            state.list_states(),
            state.delete_state("tally"),
            state.upsert_state("other", {}),
            state.clear_all_states(),
            state.get_state("other"),
        ]

    expected = [True, {"coffee": 1}, True, 2, 1, True, ["tally"], 1, True, 1, None]
    assert await asyncio.to_thread(work) == expected


async def test_on_the_loop_itself_it_is_an_error_at_once_and_no_deadlock() -> None:
    state = sync()
    with pytest.raises(StateError, match=r"await self\.ss"):
        state.get_state("tally")


async def test_a_state_that_does_not_answer_is_given_up_after_the_time_limit() -> None:
    store = StuckStore()
    state = SyncSharedState(state_in(store), asyncio.get_running_loop(), time_limit=0.05)
    with pytest.raises(StateError, match=r"within 0\.05 seconds"):
        await asyncio.to_thread(state.get_state, "tally")
    async with asyncio.timeout(5):
        await store.given_up.wait()


async def test_a_server_that_stops_meanwhile_is_a_sentence() -> None:
    store, mine = StuckStore(), asyncio.current_task()
    state = SyncSharedState(state_in(store), asyncio.get_running_loop())
    waiting = asyncio.create_task(asyncio.to_thread(state.get_state, "tally"))
    async with asyncio.timeout(5):
        await store.asked.wait()
    for task in asyncio.all_tasks() - {mine, waiting}:
        task.cancel()
    with pytest.raises(StateError, match="stopped"):
        await waiting


async def test_a_failure_is_raised_in_the_thread() -> None:
    with pytest.raises(StateError, match="1 to 200 characters"):
        await asyncio.to_thread(sync().get_state, "")


def test_after_the_loop_has_ended_it_is_a_sentence() -> None:
    async def make() -> SyncSharedState:
        return sync()

    state = asyncio.run(make())
    with pytest.raises(StateError, match="stopped"):
        state.get_state("tally")


async def test_many_threads_lose_nothing_of_one_key() -> None:
    state = sync()

    def add(name: str) -> Callable[[], bool]:
        return lambda: state.update_field("tally", name, threading.get_ident())

    await asyncio.gather(*(asyncio.to_thread(add(f"thread-{n}")) for n in range(64)))
    tally = await asyncio.to_thread(state.get_state, "tally")
    assert tally is not None
    assert len(tally) == 64


async def test_a_time_to_live_reaches_the_store() -> None:
    store = MemoryState()
    state = SyncSharedState(state_in(store), asyncio.get_running_loop())
    await asyncio.to_thread(lambda: state.upsert_state("tally", {}, ttl=10))
    assert (await store.read(ADA, "tally")).expires_at is not None
