"""What the facade itself promises: when it writes, when it tells, what it does when others write too."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.bus.local_changes import LocalChanges
from server.core.identity import Identity
from server.loading import Loading
from server.state.changes import StateChange
from server.state.shared_state import MAX_TRIES, SharedState, SharedStates
from server.state.store import StateStore, Stored
from server.storage.memory_state import MemoryState
from shared.errors import RingbackError, StateError
from shared.ids import ConnectionSignature
from shared.json_types import JsonObject, JsonValue
from shared.news import StateChanged
from tests.server.services_for_tests import ADA, BOB

MINE = ConnectionSignature("mine")
LIMIT = 10


class WatchedStore(MemoryState):
    """Counts; loses as many races as it is told; holds back a write until it is let go; fails on demand."""

    def __init__(self, now: Callable[[], float] = lambda: 1_800_000_000.0) -> None:
        super().__init__(now=now)
        self.writes = 0
        self.races_to_lose = 0
        self.writing = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.is_broken = False

    async def read(self, owner: Identity, key: str) -> Stored:
        found = await super().read(owner, key)
        # As a real one does, it lets others go on before it answers.
        await asyncio.sleep(0)
        return found

    async def swap(
        self, owner: Identity, key: str, found: Stored, document: str | None, expires_at: float | None = None
    ) -> bool:
        self.writing.set()
        await self.go_on.wait()
        if self.is_broken:
            raise StateError("The database failed.")
        if self.races_to_lose:
            self.races_to_lose -= 1
            await self._somebody_else_writes(owner, key)
        self.writes += 1
        return await super().swap(owner, key, found, document, expires_at)

    async def _somebody_else_writes(self, owner: Identity, key: str) -> None:
        found = await self.read(owner, key)
        await super().swap(owner, key, found, f'{{"theirs":{self.races_to_lose}}}')


class Setup:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.store = WatchedStore(lambda: self.now)
        self.told: list[StateChange] = []
        changes = LocalChanges()
        changes.subscribe(ADA, self.told.append)
        self.states = SharedStates(self._bring, changes, now=lambda: self.now)
        self.state = self.states.of(ADA, MINE)

    async def _bring(self) -> StateStore:
        return self.store


async def test_what_changes_nothing_is_not_written_and_not_told() -> None:
    setup = Setup()
    await setup.state.upsert("tally", {"a": {"x": 1, "y": [1.0, True]}, "b": None})
    setup.store.writes = 0
    setup.told.clear()
    await setup.state.upsert("tally", {"b": None, "a": {"y": [1.0, True], "x": 1}})
    await setup.state.update_field("tally", "a", {"y": [1.0, True], "x": 1})
    await setup.state.update_field("tally", "b", None)
    await setup.state.delete_field("tally", "c")
    await setup.state.delete_field("nowhere", "c")
    await setup.state.delete("nowhere")
    await setup.states.of(BOB, None).clear_all_states()
    assert (setup.store.writes, setup.told) == (0, [])


async def test_a_field_that_is_none_is_written_where_there_was_no_field() -> None:
    setup = Setup()
    await setup.state.update_field("tally", "a", None)
    assert await setup.state.get("tally") == {"a": None}
    await setup.state.upsert("empty", {})
    assert setup.store.writes == 2


async def test_a_new_time_to_live_is_a_change_and_so_is_taking_it_away() -> None:
    setup = Setup()
    await setup.state.upsert("tally", {"a": 1}, ttl=10)
    await setup.state.upsert("tally", {"a": 1}, ttl=10)
    await setup.state.upsert("tally", {"a": 1})
    assert setup.store.writes == 3
    await setup.state.upsert("tally", {"a": 1})
    assert setup.store.writes == 3


async def test_a_key_made_anew_after_it_was_deleted_does_not_inherit_an_end() -> None:
    setup = Setup()
    await setup.state.upsert("tally", {"a": 1}, ttl=10)
    await setup.state.delete("tally")
    await setup.state.update_field("tally", "b", 2)
    setup.now += 100
    assert await setup.state.get("tally") == {"b": 2}


async def test_a_change_is_told_only_after_it_was_written() -> None:
    setup = Setup()
    setup.store.go_on.clear()
    writing = asyncio.create_task(setup.state.upsert("tally", {"a": 1}))
    await setup.store.writing.wait()
    assert setup.told == []
    setup.store.go_on.set()
    await writing
    assert setup.told == [StateChange(ADA, MINE, StateChanged("tally", "stored"))]


async def test_what_was_not_written_is_not_told() -> None:
    setup = Setup()
    setup.store.is_broken = True
    for attempt in (setup.state.upsert("tally", {}), setup.state.update_field("tally", "a", 1)):
        with pytest.raises(StateError, match="failed"):
            await attempt
    assert setup.told == []
    setup.store.is_broken = False
    await setup.state.upsert("tally", {})
    assert len(setup.told) == 1


async def test_who_loses_a_race_tries_again_on_what_is_there_then_and_tells_once() -> None:
    setup = Setup()
    await setup.state.upsert("tally", {"mine": 1})
    setup.told.clear()
    setup.store.races_to_lose = 3
    await setup.state.update_field("tally", "mine", 2)
    assert await setup.state.get("tally") == {"theirs": 0, "mine": 2}
    assert len(setup.told) == 1


async def test_a_race_that_makes_the_change_needless_ends_without_a_write() -> None:
    setup = Setup()
    await setup.state.upsert("tally", {"a": 1})
    setup.told.clear()
    setup.store.races_to_lose = 1
    assert await setup.state.upsert("tally", {"theirs": 0}) is True
    assert setup.told == []


async def test_who_always_loses_is_told_so_in_the_end() -> None:
    setup = Setup()
    setup.store.races_to_lose = 2 * MAX_TRIES
    with pytest.raises(StateError, match="'tally' is being changed by too many others"):
        await setup.state.update_field("tally", "mine", 1)
    assert setup.store.races_to_lose == MAX_TRIES
    assert setup.told == []


async def test_who_is_cancelled_while_waiting_holds_up_nobody_and_leaves_no_lock() -> None:
    setup = Setup()
    setup.store.go_on.clear()
    first = asyncio.create_task(setup.state.update_field("tally", "first", 1))
    await setup.store.writing.wait()
    others = [asyncio.create_task(setup.state.update_field("tally", f"n{n}", n)) for n in range(10)]
    await asyncio.sleep(0)
    given_up = [first, *others[::2]]
    while given_up:
        given_up.pop().cancel()
    setup.store.go_on.set()
    done, unfinished = await asyncio.wait({first, *others}, timeout=LIMIT)
    assert not unfinished
    # The first one was writing already; of the others, those that waited had not begun.
    assert await setup.state.get("tally") == {"first": 1, **{f"n{n}": n for n in range(1, 10, 2)}}
    del first, others, done
    gc.collect()
    assert len(setup.states._locks) == 0


async def test_a_write_that_has_begun_is_done_and_told_whoever_is_cancelled() -> None:
    setup = Setup()
    setup.store.go_on.clear()
    writing = asyncio.create_task(setup.state.upsert("tally", {"one": 1}))
    await setup.store.writing.wait()
    writing.cancel()
    await asyncio.wait({writing}, timeout=LIMIT)
    assert writing.cancelled()
    setup.store.go_on.set()
    async with asyncio.timeout(LIMIT):
        while not setup.told:
            await asyncio.sleep(0)
    assert await setup.state.get("tally") == {"one": 1}


async def test_after_its_end_nothing_is_found_and_nothing_changed_by_whoever_kept_it() -> None:
    setup = Setup()
    await setup.state.upsert("tally", {"one": 1})
    kept = setup.states.of(ADA, MINE)
    kept.end()
    for work in (
        kept.get("tally"),
        kept.upsert("late", {}),
        kept.delete("tally"),
        kept.list_states(),
        kept.clear_all_states(),
    ):
        with pytest.raises(StateError, match="is over"):
            await work
    assert await setup.state.list_states() == ["tally"]


async def test_two_keys_and_two_people_do_not_wait_for_each_other() -> None:
    setup = Setup()
    async with asyncio.timeout(LIMIT):
        async with setup.states.lock(ADA, "tally"):
            await setup.state.upsert("other", {})
            await setup.states.of(BOB, None).upsert("tally", {})
        await setup.state.upsert("tally", {})
    assert setup.states.lock(ADA, "tally") is not setup.states.lock(BOB, "tally")


async def test_the_writers_of_one_key_wait_for_each_other_in_this_server() -> None:
    setup = Setup()
    async with asyncio.timeout(LIMIT):
        await asyncio.gather(*(setup.state.update_field("tally", f"n{n}", n) for n in range(100)))
    assert setup.store.writes == 100, "nobody had to try twice"


@pytest.mark.parametrize("operation", ["upsert", "update_field"])
async def test_what_is_given_may_be_changed_while_it_is_written(operation: str) -> None:
    setup = Setup()
    setup.store.go_on.clear()
    items: list[JsonValue] = [1]
    document: JsonObject = {"list": items}
    writing = asyncio.create_task(
        setup.state.upsert("tally", document)
        if operation == "upsert"
        else setup.state.update_field("tally", "list", items)
    )
    await setup.store.writing.wait()
    items.append(2)
    setup.store.races_to_lose = 1
    setup.store.go_on.set()
    await writing
    assert await setup.state.get_field("tally", "list") == [1]


async def test_what_cannot_be_kept_is_refused_before_the_store_is_asked() -> None:
    async def bring() -> StateStore:
        raise AssertionError("nobody needs it yet")

    state = SharedStates(bring, LocalChanges()).of(ADA, None)
    bad: Any = {"a": {1, 2}}
    for attempt in (state.upsert("tally", bad), state.update_field("tally", "a", bad), state.get_field("tally", "")):
        with pytest.raises(StateError, match=r"JSON|characters"):
            await attempt


async def test_the_store_is_brought_when_it_is_first_needed() -> None:
    brought = 0

    async def bring() -> StateStore:
        nonlocal brought
        brought += 1
        return MemoryState()

    loading: Loading[StateStore] = Loading("the shared state", bring)
    states = SharedStates(loading.get, LocalChanges())
    state = states.of(ADA, None)
    assert brought == 0
    await asyncio.gather(*(state.update_field("tally", f"n{n}", n) for n in range(10)))
    assert brought == 1
    assert len(await state.get("tally") or {}) == 10


async def test_a_store_that_cannot_be_brought_is_a_sentence() -> None:
    async def bring() -> StateStore:
        raise StateError("The database cannot be opened.")

    state = SharedStates(Loading[StateStore]("the shared state", bring).get, LocalChanges()).of(ADA, None)
    with pytest.raises(RingbackError, match="cannot be opened"):
        await state.get("tally")


# --- any order --------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["one", "two", "a:b", "a_b"])
FIELDS = st.sampled_from(["f", "g"])
VALUES = st.sampled_from([1, 1.0, True, None, "text", [1], {"a": 1}])
DOCUMENTS = st.dictionaries(FIELDS, VALUES, max_size=2)
STEPS = st.one_of(
    st.tuples(st.just("upsert"), KEYS, DOCUMENTS, st.sampled_from([None, 5.0])),
    st.tuples(st.just("update_field"), KEYS, FIELDS, VALUES),
    st.tuples(st.just("delete_field"), KEYS, FIELDS),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("clear_all_states")),
    st.tuples(st.just("later"), st.sampled_from([1.0, 5.0])),
)


class Expected:
    """The nine operations as one would write them over a dict, and what is told of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.kept: dict[str, tuple[JsonObject, float | None]] = {}
        self.told: list[StateChanged] = []

    def upsert(self, key: str, data: JsonObject, ttl: float | None) -> bool:
        before = self.kept.get(key)
        after = (dict(data), None if ttl is None else self.now + ttl)
        if ttl is not None or repr(before and (sorted(before[0].items()), before[1])) != repr(
            (sorted(after[0].items()), after[1])
        ):
            self.told.append(StateChanged(key, "stored"))
        self.kept[key] = after
        return True

    def update_field(self, key: str, field: str, value: JsonValue) -> bool:
        document, end = self.kept.get(key, ({}, None))
        if key not in self.kept or field not in document or repr(document[field]) != repr(value):
            self.told.append(StateChanged(key, "stored", field))
        self.kept[key] = ({**document, field: value}, end)
        return True

    def delete_field(self, key: str, field: str) -> int:
        if key not in self.kept or field not in self.kept[key][0]:
            return 0
        del self.kept[key][0][field]
        self.told.append(StateChanged(key, "deleted", field))
        return 1

    def delete(self, key: str) -> int:
        if self.kept.pop(key, None) is None:
            return 0
        self.told.append(StateChanged(key, "deleted"))
        return 1

    def clear_all_states(self) -> int:
        count = len(self.kept)
        if count:
            self.told.append(StateChanged(None, "cleared"))
        self.kept.clear()
        return count

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.kept = {key: kept for key, kept in self.kept.items() if kept[1] is None or kept[1] > self.now}


async def do(state: SharedState, name: str, arguments: tuple[Any, ...]) -> object:
    if name == "upsert":
        key, data, ttl = arguments
        return await state.upsert(key, data, ttl=ttl)
    operation: Callable[..., Awaitable[object]] = getattr(state, name)
    return await operation(*arguments)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=30))
async def test_in_any_order_it_does_what_a_dict_would(steps: list[tuple[Any, ...]]) -> None:
    setup, expected = Setup(), Expected()
    began = setup.now
    for name, *arguments in steps:
        wanted = getattr(expected, name)(*arguments)
        if name == "later":
            setup.now = began + expected.now
            continue
        assert await do(setup.state, name, tuple(arguments)) == wanted
        assert await setup.state.list_states() == sorted(expected.kept)
        for key in ("one", "two", "a:b", "a_b"):
            document = expected.kept[key][0] if key in expected.kept else None
            assert repr(sorted((await setup.state.get(key) or {}).items())) == repr(sorted((document or {}).items()))
            assert await setup.state.exists(key) is (document is not None)
            assert repr(await setup.state.get_field(key, "f")) == repr((document or {}).get("f"))
    assert [change.news for change in setup.told] == expected.told
