"""The shared state does what it promises on every store: in memory, SQLite, PostgreSQL, and Redis before either."""

from __future__ import annotations

import asyncio
import enum
import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from server.bus.local_changes import LocalChanges
from server.core.identity import Identity, identity_named
from server.core.json_depth import MAX_DEPTH
from server.core.state_values import MAX_DOCUMENT, MAX_NAME
from server.state.changes import StateChange
from server.state.shared_state import SharedState, SharedStates
from server.state.store import NOTHING, TRACE_KEPT, StateStore
from server.storage.engine import make_engine
from server.storage.memory_state import MemoryState
from server.storage.sql_state import SqlState
from shared.errors import StateError
from shared.ids import ConnectionSignature
from shared.json_types import JsonObject, JsonValue
from shared.news import StateChanged
from tests.contracts.databases import database, skip_without_postgresql
from tests.contracts.redis_server import redis_server, redis_store, skip_without_redis

ADA = identity_named("default", "ada")
MINE = ConnectionSignature("mine")
WORKER = Path(__file__).parent / "add_fields.py"

LOOKALIKES = tuple(
    identity_named(tenant, user)
    for tenant, user in (
        ("default", "Ada"), ("acme", "ada"), ("default:ada", "x"), ("a:b", "c"), ("a", "b:c"), ("a_b", "c"),
        ("a%3Ab", "c"),
    )
)  # fmt: skip
LOOKALIKE_KEYS = (
    "a:b",
    "a_b",
    "a%b",
    "a%3Ab",
    "a%003a",
    "A:b",
    "a b",
    "a\0b",
    "%",
    "%0000",
    "é",
    "e\u0301",
    "\ud800",
    "😀",
)


class Clock:
    """Seconds since 1970, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """A store and what is made of it, with a clock of the test's own.

    ``another`` opens the same state once more, as another server does.
    """

    store: StateStore
    states: SharedStates
    clock: Clock
    told: list[StateChange]
    another: Callable[[], Awaitable[StateStore]]

    @property
    def state(self) -> SharedState:
        return self.states.of(ADA, MINE)


def states_over(store: StateStore, clock: Clock, changes: LocalChanges | None = None) -> SharedStates:
    async def there() -> StateStore:
        return store

    return SharedStates(there, changes or LocalChanges(), now=clock)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "redis+sqlite", "redis+postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    kind: str = request.param
    skip_without_postgresql(kind.rpartition("+")[2])
    skip_without_redis(kind)
    clock = Clock()
    memory = MemoryState(now=clock)
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(redis_server()) if kind.startswith("redis") else None
        made: AsyncEngine | None = None
        if kind != "memory":
            made = await stack.enter_async_context(database(kind.rpartition("+")[2], tmp_path))

        async def another() -> StateStore:
            if made is None:
                return memory
            engine = make_engine(made.url)
            stack.push_async_callback(engine.dispose)
            store = SqlState(engine, now=clock)
            return store if redis is None else await stack.enter_async_context(redis_store(redis, store, now=clock))

        store = await another()
        told: list[StateChange] = []
        changes = LocalChanges()
        changes.subscribe(ADA, told.append)
        yield Kept(store, states_over(store, clock, changes), clock, told, another)


# --- the nine operations ----------------------------------------------------------------------------------


async def test_the_nine_operations_return_what_they_promise(kept: Kept) -> None:
    state = kept.state
    assert await state.get("tally") is None
    assert await state.get_field("tally", "tea") is None
    assert await state.exists("tally") is False
    assert await state.upsert("tally", {"tea": 1, "gone": None}) is True
    assert await state.upsert("tally", {"tea": 1}) is True
    assert await state.get("tally") == {"tea": 1}
    assert await state.exists("tally") is True
    assert await state.update_field("tally", "coffee", {"black": 2}) is True
    assert await state.get_field("tally", "coffee") == {"black": 2}
    assert await state.update_field("made here", "first", value=True) is True
    assert await state.list_states() == ["made here", "tally"]
    assert await state.delete_field("tally", "tea") == 1
    assert await state.delete_field("tally", "tea") == 0
    assert await state.delete_field("nowhere", "tea") == 0
    assert await state.delete("tally") == 1
    assert await state.delete("tally") == 0
    assert await state.get("tally") is None
    assert await state.upsert("empty", {}) is True
    assert await state.exists("empty") is True
    assert await state.clear_all_states() == 2
    assert await state.clear_all_states() == 0
    assert await state.list_states() == []
    assert await state.upsert("tally", {"again": 1}) is True
    assert await state.get("tally") == {"again": 1}


async def test_deleting_the_last_field_leaves_an_empty_object(kept: Kept) -> None:
    await kept.state.update_field("tally", "tea", 1)
    await kept.state.delete_field("tally", "tea")
    assert await kept.state.get("tally") == {}


async def test_nothing_is_written_when_nothing_changed(kept: Kept) -> None:
    state = kept.state
    await state.upsert("tally", {"one": 1, "list": [1.0, True]})
    before = await kept.store.read(ADA, "tally")
    kept.told.clear()
    await state.upsert("tally", {"list": [1.0, True], "one": 1})
    await state.update_field("tally", "one", 1)
    await state.delete_field("tally", "two")
    await state.delete("nowhere")
    assert await kept.store.read(ADA, "tally") == before
    assert await kept.store.read(ADA, "nowhere") == NOTHING
    assert kept.told == []


async def test_another_type_is_another_value(kept: Kept) -> None:
    pairs: list[tuple[JsonValue, JsonValue]] = [
        (1, 1.0), (1, True), (0, False), (0, -0.0), (1.0, True), ([1], [1.0]), ("1", 1), (None, False), ({}, []),
    ]  # fmt: skip
    for before, after in [*pairs, *(pair[::-1] for pair in pairs)]:
        await kept.state.update_field("tally", "value", before)
        await kept.state.update_field("tally", "value", after)
        assert repr(await kept.state.get_field("tally", "value")) == repr(after)


async def test_what_is_returned_is_the_callers_own(kept: Kept) -> None:
    given_data: JsonObject = {"list": [1]}
    await kept.state.upsert("tally", given_data)
    given_data["list"] = "changed"
    read = await kept.state.get("tally")
    assert read == {"list": [1]}
    read["list"] = "changed"
    assert await kept.state.get("tally") == {"list": [1]}


# --- time to live -----------------------------------------------------------------------------------------


async def test_what_has_a_time_to_live_is_gone_after_it(kept: Kept) -> None:
    state = kept.state
    await state.upsert("short", {"a": 1}, ttl=10)
    await state.upsert("long", {"a": 1})
    kept.clock.now += 9.5
    assert await state.get("short") == {"a": 1}
    kept.clock.now += 0.5
    assert await state.get("short") is None
    assert await state.exists("short") is False
    assert await state.list_states() == ["long"]
    assert await state.delete("short") == 0
    await state.update_field("short", "b", 2)
    assert await state.get("short") == {"b": 2}
    kept.clock.now += 1000
    assert await state.get("short") == {"b": 2}, "what is made anew has no end"


async def test_an_update_keeps_the_time_to_live_and_a_replacement_sets_it(kept: Kept) -> None:
    state = kept.state
    await state.upsert("one", {"a": 1}, ttl=10)
    await state.update_field("one", "b", 2)
    await state.delete_field("one", "a")
    await state.upsert("two", {"a": 1}, ttl=10)
    await state.upsert("two", {"a": 1})
    await state.upsert("three", {"a": 1}, ttl=10)
    kept.clock.now += 5
    await state.upsert("three", {"a": 1}, ttl=10)
    kept.clock.now += 6
    assert await state.list_states() == ["three", "two"]


async def test_what_is_made_after_a_deletion_does_not_end_when_the_old_would_have(kept: Kept) -> None:
    await kept.state.upsert("key", {"a": 1}, ttl=10)
    await kept.state.delete("key")
    await kept.state.update_field("key", "b", 2)
    await kept.state.upsert("other", {"a": 1}, ttl=10)
    await kept.state.clear_all_states()
    await kept.state.update_field("other", "b", 2)
    kept.clock.now += 11
    assert await kept.state.list_states() == ["other"]


async def test_a_new_time_to_live_is_a_change_though_the_data_is_the_same(kept: Kept) -> None:
    await kept.state.upsert("key", {"a": 1})
    await kept.state.upsert("key", {"a": 1}, ttl=10)
    assert [change.news for change in kept.told] == [StateChanged("key", "stored")] * 2
    assert (await kept.store.read(ADA, "key")).expires_at == kept.clock.now + 10


async def test_clearing_counts_only_what_is_there(kept: Kept) -> None:
    await kept.state.upsert("short", {}, ttl=10)
    await kept.state.upsert("long", {})
    kept.clock.now += 11
    assert await kept.state.clear_all_states() == 1


async def test_a_trace_is_purged_only_when_nobody_can_remember_its_version(kept: Kept) -> None:
    await kept.state.upsert("over", {}, ttl=10)
    await kept.state.upsert("deleted", {})
    await kept.state.delete("deleted")
    kept.clock.now += TRACE_KEPT - 100
    await kept.state.upsert("late", {}, ttl=10)
    kept.clock.now += 50
    assert await kept.store.purge() == 0
    assert await kept.state.list_states() == []
    deleted = await kept.store.read(ADA, "deleted")
    await kept.state.upsert("deleted", {"again": 1})
    assert (await kept.store.read(ADA, "deleted")).version > deleted.version
    kept.clock.now += 70
    assert await kept.store.purge() == 1, "only the one that was over first"


async def test_a_long_life_that_has_just_ended_is_not_purged_yet(kept: Kept) -> None:
    await kept.state.upsert("key", {}, ttl=2 * TRACE_KEPT)
    kept.clock.now += 2 * TRACE_KEPT + 1
    assert (await kept.store.purge(), await kept.state.exists("key")) == (0, False)
    kept.clock.now += TRACE_KEPT
    assert await kept.store.purge() == 1


async def test_purging_takes_away_old_traces_and_nothing_else(kept: Kept) -> None:
    state = kept.state
    await state.upsert("over", {}, ttl=10)
    await state.upsert("deleted", {})
    await state.delete("deleted")
    await state.upsert("kept", {"a": 1})
    kept.clock.now += TRACE_KEPT + 100
    assert await kept.store.purge() == 2
    assert await kept.store.purge() == 0
    assert await state.list_states() == ["kept"]
    await state.upsert("deleted", {"again": 1})
    assert await state.get("deleted") == {"again": 1}


# --- values and names -------------------------------------------------------------------------------------

NUMBERS = st.integers(min_value=-(2**200), max_value=2**200) | st.floats(allow_nan=False, allow_infinity=False)
ANY = st.characters(codec=None, exclude_categories=())
TWO_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
TEXTS = st.text(ANY).filter(lambda text: not TWO_HALVES.search(text))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.text(ANY, min_size=1, max_size=MAX_NAME).filter(lambda text: not TWO_HALVES.search(text))
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(key=NAMES, field=NAMES, value=VALUES)
async def test_any_value_under_any_name_comes_back_as_it_went_in(
    kept: Kept, key: str, field: str, value: JsonValue
) -> None:
    state = kept.state
    await state.upsert(key, {field: value})
    assert repr(await state.get(key)) == repr({field: value})
    assert repr(await state.get_field(key, field)) == repr(value)
    assert await state.list_states() == [key]
    assert await state.delete(key) == 1


async def test_the_longest_names_of_any_character_are_kept(kept: Kept) -> None:
    names = [
        character * MAX_NAME for character in ("x", "é", "😀", "\0", "\ud800", "\udfff", "%", "\n", "'", '"', "\\")
    ]
    for name in names:
        await kept.state.update_field(name, name, value=1)
        assert await kept.state.get(name) == {name: 1}
    assert await kept.state.list_states() == sorted(names)


async def test_keys_that_look_alike_never_meet(kept: Kept) -> None:
    state = kept.state
    for number, key in enumerate(LOOKALIKE_KEYS):
        await state.upsert(key, {"number": number})
    assert [await state.get_field(key, "number") for key in LOOKALIKE_KEYS] == list(range(len(LOOKALIKE_KEYS)))
    assert await state.list_states() == sorted(LOOKALIKE_KEYS)


async def test_people_who_look_alike_never_meet(kept: Kept) -> None:
    everybody: list[Identity] = [ADA, *LOOKALIKES]
    for number, who in enumerate(everybody):
        assert await kept.states.of(who, None).get("key") is None
        await kept.states.of(who, None).upsert("key", {"number": number})
        assert await kept.states.of(who, None).get("key") == {"number": number}
    for number, who in enumerate(everybody):
        assert await kept.states.of(who, None).get("key") == {"number": number}
    assert await kept.states.of(everybody[1], None).clear_all_states() == 1
    assert await kept.states.of(everybody[2], None).delete("key") == 1
    for number, who in enumerate(everybody):
        expected = None if number in {1, 2} else {"number": number}
        assert await kept.states.of(who, None).get("key") == expected


# --- bad input --------------------------------------------------------------------------------------------


class Word(enum.StrEnum):
    BLUE = "blue"


class Number(int):
    pass


class Bag(dict[str, Any]):
    pass


class Row(list[Any]):
    pass


class Text(str):
    __slots__ = ()


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def one_field(name: Any) -> Any:
    return {tuple(name) if isinstance(name, list) else name: 1}


def itself() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


BAD_VALUES: dict[str, Any] = {
    "a tuple": (1, 2), "a set": {1, 2}, "bytes": b"bytes", "not a number": float("nan"), "infinity": float("inf"),
    "less than all": float("-inf"), "a member": Word.BLUE, "a subclass of int": Number(1), "a subclass of dict": Bag(),
    "a subclass of list": Row(), "a subclass of str": Text("x"), "an object": object(), "a function": print,
    "a number as a name": {1: "a"}, "a member as a name": {Word.BLUE: 1}, "deep inside": {"deep": [{"x": (1,)}]},
    "under a giant name": {"x" * 10_000: [[(1,)]]}, "under an odd name": {"\ud800\0\x1b[31m": (1,)},
    "nested too deep": nested(MAX_DEPTH + 1), "nested far too deep": nested(100_000), "itself": itself(),
    "a giant text": "x" * MAX_DOCUMENT, "a text that grows": "é" * (MAX_DOCUMENT // 5), "a giant list": [0] * 5_000_000,
    "a giant object": {f"{n}": n for n in range(200_000)}, "many large texts": ["x" * 1000] * 300,
    "a giant name inside": {"x" * MAX_DOCUMENT: 1}, "a giant number": 10**5000, "a giant negative": -(10**5000),
    "two halves": "\ud83d\ude00", "two halves in a name": {"\ud83d\ude00": 1}, "a range": range(3), "complex": 1j,
}  # fmt: skip
BAD_NAMES: dict[str, Any] = {
    "empty": "", "too long": "x" * (MAX_NAME + 1), "giant": "x" * 10_000_000, "none": None, "a number": 1,
    "bytes": b"key", "a list": ["key"], "a member": Word.BLUE, "a subclass": Text("key"), "two halves": "\ud83d\ude00",
}  # fmt: skip
BAD_TTLS: dict[str, Any] = {
    "zero": 0, "zero as a float": -0.0, "negative": -1, "infinite": float("inf"), "no number": float("nan"),
    "text": "10", "a giant text": "9" * 10_000, "a truth": True, "a giant number": 10**5000, "a subclass": Number(10),
    "a list": [10],
}  # fmt: skip


async def refusal(case: str, attempt: Awaitable[object]) -> StateError:
    try:
        await attempt
    except StateError as error:
        return error
    pytest.fail(f"{case} was taken")


def is_a_sentence(error: StateError) -> bool:
    said = str(error)
    said.encode()
    return said.isprintable() and said[0].isupper() and said.endswith(".") and len(said) < 300


async def test_what_is_no_json_is_refused_with_a_sentence_and_changes_nothing(kept: Kept) -> None:
    state = kept.state
    await state.upsert("key", {"field": "before"})
    before = await kept.store.read(ADA, "key")
    kept.told.clear()
    for name, value in BAD_VALUES.items():
        for attempt in (state.upsert("key", {"field": value}), state.update_field("key", "field", value)):
            assert is_a_sentence(await refusal(name, attempt)), name
    assert await kept.store.read(ADA, "key") == before
    assert kept.told == []


async def test_what_just_fits_is_kept(kept: Kept) -> None:
    deep, long = nested(MAX_DEPTH), "x" * (MAX_DOCUMENT - len('{"a":""}'))
    await kept.state.upsert("deep", {"a": deep})
    await kept.state.upsert("long", {"a": long})
    await kept.state.upsert("number", {"a": 10**3999})
    assert await kept.state.get_field("deep", "a") == deep
    assert await kept.state.get_field("long", "a") == long
    assert await kept.state.get_field("number", "a") == 10**3999


async def test_only_an_object_is_kept_under_a_key(kept: Kept) -> None:
    documents: list[Any] = [None, [], "text", 1, (("a", 1),), Bag()]
    for document in documents:
        with pytest.raises(StateError, match="JSON object") as refused:
            await kept.state.upsert("key", document)
        assert is_a_sentence(refused.value)
    assert await kept.store.read(ADA, "key") == NOTHING


async def test_a_bad_name_is_refused_by_every_operation(kept: Kept) -> None:
    state = kept.state
    await state.upsert("k", {"f": 1})
    operations: dict[str, Callable[[Any], Any]] = {
        "upsert": lambda name: state.upsert(name, {}), "get": state.get, "exists": state.exists, "delete": state.delete,
        "get_field of": lambda name: state.get_field(name, "f"), "get_field": lambda name: state.get_field("k", name),
        "update_field of": lambda name: state.update_field(name, "f", 1),
        "update_field": lambda name: state.update_field("k", name, 1),
        "delete_field of": lambda name: state.delete_field(name, "f"),
        "delete_field": lambda name: state.delete_field("k", name),
        "a field of upsert": lambda name: state.upsert("k", one_field(name)),
    }  # fmt: skip
    for case, name in BAD_NAMES.items():
        for operation, attempt in operations.items():
            refused = await refusal(f"{case} for {operation}", attempt(name))
            assert is_a_sentence(refused), (case, operation)
            assert re.search(r"characters|is a text|two halves", str(refused))
    assert await state.list_states() == ["k"]
    assert await state.get("k") == {"f": 1}


async def test_a_bad_time_to_live_is_refused(kept: Kept) -> None:
    await kept.state.upsert("key", {"a": 1})
    for name, ttl in BAD_TTLS.items():
        refused = await refusal(name, kept.state.upsert("key", {"a": 2}, ttl=ttl))
        assert is_a_sentence(refused), name
        assert "above 0" in str(refused)
    assert await kept.state.get("key") == {"a": 1}


async def test_a_document_that_grows_too_large_is_refused_and_stays_as_it_was(kept: Kept) -> None:
    half = "x" * (MAX_DOCUMENT // 2)
    await kept.state.update_field("key", "one", half)
    with pytest.raises(StateError, match="at most"):
        await kept.state.update_field("key", "two", half)
    assert await kept.state.get("key") == {"one": half}


# --- many at once -----------------------------------------------------------------------------------------


async def test_a_hundred_fields_written_at_once_are_all_there(kept: Kept) -> None:
    await asyncio.gather(*(kept.state.update_field("tally", f"n{n}", n) for n in range(100)))
    assert await kept.state.get("tally") == {f"n{n}": n for n in range(100)}
    assert len(kept.states._locks) == 0


async def test_two_servers_that_write_at_once_lose_nothing(kept: Kept) -> None:
    other = states_over(await kept.another(), kept.clock).of(ADA, None)
    sides = {"a": kept.state, "b": other}
    await asyncio.gather(*(sides[name].update_field("tally", f"{name}{n}", n) for n in range(50) for name in sides))
    everything = {f"{name}{n}": n for name in sides for n in range(50)}
    assert await kept.state.get("tally") == everything
    assert await other.get("tally") == everything


async def test_what_one_server_changed_another_sees_at_once(kept: Kept) -> None:
    here, there = kept.state, states_over(await kept.another(), kept.clock).of(ADA, None)
    for n in range(20):
        await here.upsert("key", {"n": n})
        assert await there.get("key") == {"n": n}
        await there.update_field("key", "seen", n)
        assert await here.get("key") == {"n": n, "seen": n}
        assert await here.delete("key") == 1
        assert await there.exists("key") is False
    await here.upsert("key", {})
    assert await there.get("key") == {}
    assert await there.clear_all_states() == 1
    assert await here.exists("key") is False


async def test_of_a_hundred_who_delete_at_once_one_did_it(kept: Kept) -> None:
    await kept.state.upsert("key", {"a": 1})
    assert sum(await asyncio.gather(*(kept.state.delete_field("key", "a") for _ in range(50)))) == 1
    assert sum(await asyncio.gather(*(kept.state.delete("key") for _ in range(50)))) == 1
    assert len(kept.states._locks) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_two_processes_that_write_at_once_lose_nothing(kind: str, tmp_path: Path) -> None:
    skip_without_postgresql(kind)
    async with database(kind, tmp_path) as engine:
        url = engine.url.render_as_string(hide_password=False)
        commands = [(sys.executable, str(WORKER), url, name, "50") for name in ("a", "b")]
        processes = [await asyncio.create_subprocess_exec(*command, cwd=WORKER.parents[2]) for command in commands]
        async with asyncio.timeout(60):
            assert [await process.wait() for process in processes] == [0, 0]
        stored = await SqlState(engine).read(ADA, "tally")
        assert stored.document is not None
        assert len(json.loads(stored.document)) == 100


async def test_a_swap_of_what_is_no_longer_there_does_nothing(kept: Kept) -> None:
    assert await kept.store.swap(ADA, "key", NOTHING, '{"a":1}') is True
    assert await kept.store.swap(ADA, "key", NOTHING, '{"a":2}') is False
    found = await kept.store.read(ADA, "key")
    assert await kept.store.swap(ADA, "key", found, None) is True
    assert await kept.store.swap(ADA, "key", found, '{"a":3}') is False
    gone = await kept.store.read(ADA, "key")
    assert (gone.document, gone.version > found.version) == (None, True)
    assert await kept.store.swap(ADA, "key", gone, '{"a":4}') is True
    assert (await kept.store.read(ADA, "key")).version > gone.version, "a version is never used twice"


async def test_what_was_read_before_a_clearing_cannot_be_swapped_after_it(kept: Kept) -> None:
    for document in ('{"a":1}', '{"a":2}'):
        assert await kept.store.swap(ADA, "key", await kept.store.read(ADA, "key"), document)
    found = await kept.store.read(ADA, "key")
    assert await kept.store.clear(ADA) == ["key"]
    assert await kept.store.swap(ADA, "key", found, '{"a":3}') is False
    gone = await kept.store.read(ADA, "key")
    assert (gone.document, gone.version > found.version) == (None, True)


# --- who is told ------------------------------------------------------------------------------------------


async def test_every_change_is_told_once_with_who_made_it(kept: Kept) -> None:
    state = kept.state
    await state.upsert("key", {"a": 1})
    await state.update_field("key", "a", 2)
    await state.delete_field("key", "a")
    await state.delete("key")
    await state.upsert("other", {})
    await state.clear_all_states()
    await state.clear_all_states()
    assert [change.news for change in kept.told] == [
        StateChanged("key", "stored"), StateChanged("key", "stored", "a"), StateChanged("key", "deleted", "a"),
        StateChanged("key", "deleted"), StateChanged("other", "stored"), StateChanged(None, "cleared"),
    ]  # fmt: skip
    assert {(change.owner, change.origin) for change in kept.told} == {(ADA, MINE)}
    await kept.states.of(LOOKALIKES[0], None).upsert("key", {})
    assert len(kept.told) == 6


async def test_a_listener_is_told_after_the_change_is_stored_and_its_failure_spoils_nothing(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    looking: list[asyncio.Task[JsonObject | None]] = []
    seen_elsewhere = states_over(await kept.another(), kept.clock).of(ADA, None)

    def look(change: StateChange) -> None:
        looking.append(asyncio.create_task(seen_elsewhere.get("key")))
        raise RuntimeError("a planted bug")

    stop = kept.states.changes.subscribe(ADA, look)
    later: list[StateChange] = []
    kept.states.changes.subscribe(ADA, later.append)
    assert await kept.state.upsert("key", {"a": 1}) is True
    assert await looking[0] == {"a": 1}
    assert later == kept.told
    assert "a planted bug" in caplog.text
    stop()


async def test_a_change_that_fails_is_not_told(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> bool:
        raise StateError("The shared state cannot be reached: the database failed. Try again.")

    monkeypatch.setattr(type(kept.store), "swap", fail)
    with pytest.raises(StateError, match="cannot be reached"):
        await kept.state.upsert("key", {"a": 1})
    assert kept.told == []
    assert len(kept.states._locks) == 0
