"""Redis in front of the database: quick while it is there, and nothing lost or mixed up when it is not.

With a real Redis that is killed, frozen, and started again empty or with what it held before.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.bus.local_changes import LocalChanges
from server.core.identity import Identity
from server.core.redis_address import redis_address
from server.state.shared_state import SharedState, SharedStates
from server.state.store import NOTHING, StateStore, Stored
from server.storage import redis_presence
from server.storage.memory_state import MemoryState
from server.storage.redis_entries import PUT, answer_in, entry_of, floor_at
from server.storage.redis_presence import Names, Pace
from server.storage.redis_process import RedisProcess
from server.storage.redis_state import RedisState, open_redis_state
from shared.errors import StartError, StateError, UsageError
from tests.contracts.redis_server import RedisServer, is_away, redis_server, skip_without_redis
from tests.server.services_for_tests import ADA, BOB

PATIENT = 20.0
"""A limit that no test comes near to, on however busy a machine."""
AT_ONCE = Pace(first=0.01, longest=0.02)
AWAY = "Redis is away ({}): the shared state goes on in the database."
BACK = "Redis is back: the shared state is read from it again."


class Notices(list[str]):
    """What people are told; who waits for the next is woken."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def __call__(self, sentence: str) -> None:
        self.append(sentence)
        self._more.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self) < count:
                self._more.clear()
                await self._more.wait()


class Database(MemoryState):
    """Counts what is read from it; can be made to wait or to fail before or after what it does."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.after_read: Callable[[], Awaitable[None]] = nothing
        self.after_swap: Callable[[], Awaitable[None]] = nothing

    async def read(self, owner: Identity, key: str) -> Stored:
        self.reads += 1
        found = await super().read(owner, key)
        await self.after_read()
        return found

    async def swap(
        self, owner: Identity, key: str, found: Stored, document: str | None, expires_at: float | None = None
    ) -> bool:
        done = await super().swap(owner, key, found, document, expires_at)
        await self.after_swap()
        return done

    async def change(self, key: str, document: str | None) -> None:
        """As another server would that cannot reach this Redis."""
        await super().swap(ADA, key, await super().read(ADA, key), document)


class Held:
    """Something to be waited at: says that somebody is there, and lets them go on."""

    def __init__(self) -> None:
        self.is_reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self) -> None:
        self.is_reached.set()
        await self.go_on.wait()


async def nothing() -> None:
    return


class Trial:
    """A Redis of the test's own, a database, and servers that use both."""

    def __init__(self, server: RedisServer, stack: AsyncExitStack) -> None:
        self.server = server
        self.database = Database()
        self.notices = Notices()
        self._stack = stack

    async def open(
        self, *, password: str = "", limit: float | None = None, database: StateStore | None = None
    ) -> RedisState:
        """A store of one more server. ``limit`` counts from now on, for what has been opened."""
        address = redis_address(self.server.url(password))
        inner = database or self.database
        store = RedisState(inner, lambda: RedisProcess(address, limit=PATIENT), self.notices, pace=AT_ONCE)
        self._stack.push_async_callback(store.close)
        await store.settled()
        if limit is not None:
            process_of(store)._limit = limit
        return store

    @property
    def names(self) -> Names:
        document = self.database._kept[redis_presence.NOBODY][redis_presence.DATABASE].stored.document
        return Names(str(document).split('"')[3])

    async def forget_all(self) -> None:
        """As when the hash of a person ends."""
        await self.server.do("DEL", self.names.person(ADA))


@pytest.fixture
async def trial() -> AsyncIterator[Trial]:
    skip_without_redis()
    async with redis_server() as server, AsyncExitStack() as stack:
        yield Trial(server, stack)
        server.thaw()


def state_over(store: StateStore) -> SharedState:
    async def there() -> StateStore:
        return store

    return SharedStates(there, LocalChanges()).of(ADA, None)


def process_of(store: RedisState) -> RedisProcess:
    process = store._presence.process
    assert process is not None
    return process


async def until_back(store: RedisState) -> None:
    async with asyncio.timeout(10):
        while is_away(store):
            await asyncio.sleep(0.005)


# --- while it is there ------------------------------------------------------------------------------------


async def test_what_was_read_or_written_once_is_read_from_redis(trial: Trial) -> None:
    state = state_over(await trial.open())
    await trial.database.change("old", '{"a":0}')
    assert await state.get("old") == {"a": 0}
    assert await state.get("nothing") is None
    await state.upsert("key", {"a": 1})
    await state.update_field("key", "b", 2)
    await state.upsert("gone", {})
    await state.delete("gone")
    reads = trial.database.reads
    for _ in range(3):
        assert await state.get("old") == {"a": 0}
        assert await state.get("key") == {"a": 1, "b": 2}
        assert await state.get("nothing") is None
        assert await state.get("gone") is None
    assert trial.database.reads == reads
    assert trial.notices == []


async def test_everything_in_redis_has_an_end_but_the_generation(trial: Trial) -> None:
    store = await trial.open()
    await state_over(store).upsert("key", {"a": 1})
    keys = set((await trial.server.do("KEYS", "*")).split("\n")) - {""}
    assert keys == {trial.names.generation, trial.names.person(ADA)}
    first = int(await trial.server.do("PTTL", trial.names.person(ADA)))
    assert 3_500_000 < first <= 3_600_000
    await state_over(store).upsert("key", {"a": 2})
    assert int(await trial.server.do("PTTL", trial.names.person(ADA))) <= first, "a change does not put the end off"


async def test_the_servers_of_one_database_share_what_is_in_redis_and_others_do_not(trial: Trial) -> None:
    one, other_server = await trial.open(), await trial.open()
    elsewhere = await trial.open(database=Database())
    await state_over(one).upsert("key", {"a": 1})
    await state_over(one).get("key")
    reads = trial.database.reads
    assert await state_over(other_server).get("key") == {"a": 1}
    assert trial.database.reads == reads
    assert await state_over(elsewhere).get("key") is None
    await state_over(elsewhere).upsert("key", {"a": 2})
    await state_over(elsewhere).clear_all_states()
    assert await state_over(one).get("key") == {"a": 1}


async def test_two_people_have_entries_of_their_own(trial: Trial) -> None:
    store = await trial.open()
    for _ in range(2):
        await state_over(store).upsert("key", {"a": 1})
        assert await store.read(BOB, "key") == NOTHING


@pytest.mark.parametrize("words", [("SCRIPT", "FLUSH"), ("FLUSHALL",), ("CLIENT", "KILL", "TYPE", "normal")])
async def test_what_an_administrator_does_harms_nothing(trial: Trial, words: tuple[str, ...]) -> None:
    state = state_over(await trial.open())
    await state.upsert("key", {"a": 1})
    await state.get("key")
    await trial.server.do(*words)
    assert await state.get("key") == {"a": 1}
    await state.upsert("key", {"a": 2})
    assert await state.get("key") == {"a": 2}
    assert trial.notices == []


# --- readers and writers at once --------------------------------------------------------------------------


async def test_a_slow_reader_does_not_put_back_what_was_replaced(trial: Trial) -> None:
    state = state_over(await trial.open())
    await trial.database.change("key", '{"a":"old"}')
    trial.database.after_read = held = Held()
    reader = asyncio.create_task(state.get("key"))
    await held.is_reached.wait()
    trial.database.after_read = nothing
    await state.upsert("key", {"a": "new"})
    held.go_on.set()
    await reader
    assert await state.get("key") == {"a": "new"}


@pytest.mark.parametrize("cleared", [True, False])
async def test_a_slow_reader_does_not_put_back_what_is_gone(trial: Trial, cleared: bool) -> None:
    state = state_over(await trial.open())
    await trial.database.change("key", '{"a":"old"}')
    trial.database.after_read = held = Held()
    reader = asyncio.create_task(state.get("key"))
    await held.is_reached.wait()
    trial.database.after_read = nothing
    assert await (state.clear_all_states() if cleared else state.delete("key")) == 1
    held.go_on.set()
    await reader
    assert await state.get("key") is None
    assert await state.get("key") is None


async def test_a_slow_reader_does_not_put_back_what_ended_meanwhile(trial: Trial) -> None:
    state = state_over(await trial.open())
    await trial.database.change("key", '{"a":"old"}')
    trial.database.after_read = held = Held()
    reader = asyncio.create_task(state.get("key"))
    await held.is_reached.wait()
    trial.database.after_read = nothing
    await trial.forget_all()
    await trial.database.change("key", '{"a":"new"}')
    assert await state.get("other") is None, "the hash is there again"
    held.go_on.set()
    assert await reader == {"a": "old"}
    assert await state.get("key") == {"a": "new"}


async def test_a_slow_writer_does_not_put_back_what_was_replaced_meanwhile(trial: Trial) -> None:
    one, other = await trial.open(), await trial.open()
    await state_over(one).upsert("key", {"a": 1})
    trial.database.after_swap = held = Held()
    writer = asyncio.create_task(state_over(one).upsert("key", {"a": 2}))
    await held.is_reached.wait()
    trial.database.after_swap = nothing
    await trial.forget_all()
    await state_over(other).upsert("key", {"a": 3})
    await trial.forget_all()
    await other.read(ADA, "another key, so that the hash is there")
    held.go_on.set()
    await writer
    assert await state_over(one).get("key") == {"a": 3}
    assert await state_over(one).get("key") == {"a": 3}


async def test_two_slow_writers_in_the_wrong_order_leave_the_newest(trial: Trial) -> None:
    one, other = await trial.open(), await trial.open()
    await state_over(one).upsert("key", {"a": 1})
    trial.database.after_swap = first = Held()
    writing_first = asyncio.create_task(state_over(one).upsert("key", {"a": 2}))
    await first.is_reached.wait()
    trial.database.after_swap = nothing
    found = await trial.database.read(ADA, "key")
    assert await other.swap(ADA, "key", found, '{"a":3}')
    first.go_on.set()
    await writing_first
    assert await state_over(one).get("key") == {"a": 3}


async def test_late_words_of_writers_never_pass_for_the_newest(trial: Trial) -> None:
    store = await trial.open()
    for n in range(4):
        await trial.database.change("key", f'{{"n":{n}}}')
    assert await store.read(ADA, "another key, so that the hash is there") == NOTHING
    for version in (2, 3, 2):
        late = entry_of(Stored('{"n":"late"}', version))
        await process_of(store).run(PUT, (trial.names.person(ADA),), "key", late)
    assert await state_over(store).get("key") == {"n": 3}


async def test_a_writer_makes_no_hash_which_would_have_no_end(trial: Trial) -> None:
    store = await trial.open()
    found = await store.read(ADA, "key")
    await trial.forget_all()
    await store.swap(ADA, "key", found, "{}")
    await store.clear(BOB)
    assert (await trial.server.do("KEYS", "*")).split() == [trial.names.generation]


async def test_a_change_that_redis_does_not_know_of_is_built_upon_and_not_lost(trial: Trial) -> None:
    state = state_over(await trial.open())
    await state.upsert("key", {"a": 1})
    await trial.database.change("key", '{"a":1,"b":2}')
    reads = trial.database.reads
    await state.update_field("key", "c", 3)
    assert trial.database.reads == reads + 1, "the second try asked the database"
    assert await state.get("key") == {"a": 1, "b": 2, "c": 3}
    assert trial.database.reads == reads + 1, "and Redis knows now"


async def test_a_writer_who_gives_up_half_way_leaves_nothing_old(trial: Trial) -> None:
    state = state_over(await trial.open())
    await state.upsert("key", {"a": "old"})
    trial.database.after_swap = held = Held()
    writer = asyncio.create_task(state.upsert("key", {"a": "new"}))
    await held.is_reached.wait()
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    held.go_on.set()
    async with asyncio.timeout(10):
        while await state.get("key") != {"a": "new"}:
            await asyncio.sleep(0)


async def test_a_writer_who_gives_up_while_redis_is_told_leaves_nothing_old(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await trial.open()
    await state_over(store).upsert("key", {"a": "old"})
    found, held, honest = await store.read(ADA, "key"), Held(), process_of(store).run

    async def slow(*words: Any) -> object:
        await held()
        return await honest(*words)

    monkeypatch.setattr(process_of(store), "run", slow)
    writer = asyncio.create_task(store.swap(ADA, "key", found, '{"a":"new"}'))
    await held.is_reached.wait()
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    monkeypatch.undo()
    held.go_on.set()
    async with asyncio.timeout(10):
        while await state_over(store).get("key") != {"a": "new"}:
            await asyncio.sleep(0)


async def test_readers_who_give_up_spoil_nothing_for_others(trial: Trial) -> None:
    state = state_over(await trial.open())
    for n in range(10):
        await state.upsert(f"key {n}", {"n": n})
    for turns in range(40):
        await trial.server.do("CLIENT", "KILL", "TYPE", "normal") if turns % 10 == 0 else None
        reading = [asyncio.create_task(state.get(f"key {n}")) for n in range(10)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for reader in reading[::2]:
            reader.cancel()
        read = await asyncio.gather(*reading, return_exceptions=True)
        assert read[1::2] == [{"n": n} for n in range(1, 10, 2)]
    assert trial.notices == []


async def test_a_write_of_which_nobody_knows_whether_it_was_done_leaves_nothing_old(trial: Trial) -> None:
    async def fail() -> None:
        raise StateError("The shared state cannot be reached: the database failed. Try again.")

    state = state_over(await trial.open())
    await state.upsert("key", {"a": "old"})
    trial.database.after_swap = fail
    with pytest.raises(StateError, match="cannot be reached"):
        await state.upsert("key", {"a": "new"})
    trial.database.after_swap = nothing
    assert await state.get("key") == {"a": "new"}
    await state.upsert("key", {"a": "newest"})
    assert await state.get("key") == {"a": "newest"}


class Slow(MemoryState):
    """Takes its time before and after what it does, differently each time."""

    async def read(self, owner: Identity, key: str) -> Stored:
        await dither()
        found = await super().read(owner, key)
        await dither()
        return found

    async def swap(
        self, owner: Identity, key: str, found: Stored, document: str | None, expires_at: float | None = None
    ) -> bool:
        await dither()
        done = await super().swap(owner, key, found, document, expires_at)
        await dither()
        return done

    async def clear(self, owner: Identity) -> list[str]:
        await dither()
        cleared = await super().clear(owner)
        await dither()
        return cleared


async def dither() -> None:
    for _ in range(random.choice((0, 0, 1, 3, 20))):
        await asyncio.sleep(0.0005 if random.random() < 0.2 else 0)


@pytest.mark.parametrize("seed", range(4))
async def test_nobody_ever_reads_what_was_replaced_before_they_asked(trial: Trial, seed: int) -> None:
    random.seed(seed)
    database, done, left = Slow(), {"a": 0, "b": 0}, 150
    stores = [await trial.open(database=database) for _ in range(2)]

    async def work() -> None:
        nonlocal left
        while left:
            left -= 1
            store, key = random.choice(stores), random.choice("ab")
            newest = done[key]
            found = await store.read(ADA, key)
            assert found.version >= newest
            if random.random() < 0.4 and await store.swap(ADA, key, found, random.choice((None, "{}"))):
                done[key] = max(done[key], found.version + 1)

    async def disturb() -> None:
        name = (await stores[0].read(redis_presence.NOBODY, redis_presence.DATABASE)).document
        names = Names(str(name).split('"')[3])
        while left:
            await random.choice(stores).clear(ADA)
            await trial.server.do("DEL", random.choice((names.person(ADA), names.generation)))

    await asyncio.gather(disturb(), *(work() for _ in range(12)))
    assert trial.notices == []
    for key in "ab":
        assert await stores[0].read(ADA, key) == await database.read(ADA, key)


# --- when it goes -----------------------------------------------------------------------------------------


async def test_when_redis_is_killed_all_goes_on_and_that_is_told_once(trial: Trial) -> None:
    state = state_over(await trial.open())
    await state.upsert("before", {"a": 1})
    await trial.server.kill()
    assert await state.get("before") == {"a": 1}
    for n in range(5):
        await state.update_field("during", f"n{n}", n)
    assert await state.list_states() == ["before", "during"]
    await trial.notices.until(1)
    assert trial.notices == [AWAY.format("it cannot be reached")]


@pytest.mark.parametrize("end", ["kill", "freeze"])
async def test_nothing_is_lost_of_what_is_written_while_redis_dies(trial: Trial, end: str) -> None:
    state = state_over(await trial.open(limit=0.1))
    writing = [asyncio.create_task(state.update_field(f"key {n % 7}", f"n{n}", n)) for n in range(300)]
    await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
    if end == "kill":
        await trial.server.kill()
    else:
        trial.server.freeze()
    async with asyncio.timeout(10):
        assert all(await asyncio.gather(*writing))
    read = [await state.get(f"key {n}") or {} for n in range(7)]
    assert sorted(value for document in read for value in document.values() if isinstance(value, int)) == [*range(300)]
    await trial.notices.until(1)


async def test_when_it_comes_back_empty_it_is_used_again_and_that_is_told_once(trial: Trial) -> None:
    store = await trial.open()
    state = state_over(store)
    await state.upsert("key", {"a": 1})
    await trial.server.kill()
    await state.upsert("key", {"a": 2})
    assert is_away(store)
    await trial.server.start()
    await trial.notices.until(2)
    assert await state.get("key") == {"a": 2}
    reads = trial.database.reads
    assert await state.get("key") == {"a": 2}
    assert trial.database.reads == reads
    assert trial.notices == [AWAY.format("it cannot be reached"), BACK]


@pytest.mark.parametrize("is_noticed", [True, False])
async def test_when_it_comes_back_with_what_it_held_before_nothing_old_is_served(
    trial: Trial, is_noticed: bool
) -> None:
    here, idle = await trial.open(), await trial.open()
    state = state_over(here)
    for key in ("key", "gone", "cleared"):
        await state.upsert(key, {"a": "old"})
        await state_over(idle).get(key)
    await trial.server.do("SAVE")
    # Redis and the database know this; only the database will remember it.
    await state.upsert("key", {"a": "new"})
    await state.delete("gone")
    await trial.server.kill()
    if is_noticed:
        await state.upsert("key", {"a": "newest"})
    await trial.server.start()
    assert "old" in await trial.server.do("HGETALL", trial.names.person(ADA)), "the test would show nothing"
    newest = await trial.database.read(ADA, "key")
    for _ in range(5):
        for store in (idle, here):
            assert await store.read(ADA, "key") == newest
            assert await state_over(store).get("gone") is None
            await asyncio.sleep(0.01)
    assert not is_away(here)
    assert not is_away(idle)
    assert "old" not in (await trial.server.do("HGETALL", trial.names.person(ADA))).replace("cleared", "")


async def test_a_new_server_begins_anew_for_all(trial: Trial) -> None:
    here = state_over(await trial.open())
    await here.upsert("key", {"a": "old"})
    await trial.database.change("key", '{"a":"new"}')
    again = state_over(await trial.open())
    assert await again.get("key") == {"a": "new"}
    assert await here.get("key") == {"a": "new"}
    assert trial.notices == []


async def test_a_generation_that_redis_had_no_room_for_is_never_begun_twice(trial: Trial) -> None:
    here = state_over(await trial.open())
    await trial.server.do("DEL", trial.names.generation)
    await here.upsert("key", {"a": "old"})
    await here.get("key")
    await trial.open()
    await trial.database.change("key", '{"a":"new"}')
    await trial.server.do("DEL", trial.names.generation)
    assert await here.get("key") == {"a": "new"}


async def test_what_was_written_while_it_was_away_is_there_when_it_is_back(trial: Trial) -> None:
    state = state_over(await trial.open(limit=0.05))
    await state.upsert("key", {"a": "old"})
    await state.upsert("gone", {"a": "old"})
    trial.server.freeze()
    await state.upsert("key", {"a": "new"})
    await state.delete("gone")
    await state.upsert("key", {"a": "newest"})
    await trial.notices.until(1)
    trial.server.thaw()
    await trial.notices.until(2)
    for _ in range(2):
        assert await state.get("key") == {"a": "newest"}
        assert await state.get("gone") is None
    assert trial.notices == [AWAY.format("it does not answer in time"), BACK]


async def test_a_redis_that_hangs_costs_one_limit_and_then_nothing(trial: Trial) -> None:
    state = state_over(await trial.open(limit=0.3))
    await state.upsert("key", {"a": 1})
    trial.server.freeze()
    begun = time.monotonic()
    await asyncio.gather(*(state.get("key") for _ in range(50)))
    first = time.monotonic() - begun
    for _ in range(50):
        assert await state.get("key") == {"a": 1}
    assert 0.3 <= first < 3
    assert time.monotonic() - begun < first + 0.3


async def test_a_program_that_stood_still_itself_does_not_blame_redis(trial: Trial) -> None:
    store = await trial.open(limit=0.3)
    await asyncio.gather(*(store.read(ADA, "key") for _ in range(10)))
    for turns in (0, 1, 2, 5):
        reading = [asyncio.create_task(store.read(ADA, "key")) for _ in range(10)]
        for _ in range(turns):
            await asyncio.sleep(0)
        time.sleep(0.4)  # noqa: ASYNC251  (standing still is the point)
        await asyncio.gather(*reading)
    assert not is_away(store)
    assert trial.notices == []


async def test_what_is_written_while_a_new_generation_begins_is_not_missed(trial: Trial) -> None:
    address, begun = redis_address(trial.server.url()), 0
    slow: list[RedisState] = []

    class SlowToBegin(RedisProcess):
        async def command(self, *words: str) -> object:
            nonlocal begun
            told = await super().command(*words)
            if words[0] == "SET" and not begun:
                # The new generation is there, and another server fills it; this one still thinks Redis away.
                begun += 1
                await quick.read(ADA, "key")
                await slow[0].swap(ADA, "key", await trial.database.read(ADA, "key"), '{"a":"new"}')
                assert '"old"' in str((await quick.read(ADA, "key")).document), "the test would show nothing"
            return told

    quick = await trial.open()
    await state_over(quick).upsert("key", {"a": "old"})
    slow.append(RedisState(trial.database, lambda: SlowToBegin(address), trial.notices, pace=AT_ONCE))
    await slow[0].settled()
    assert await state_over(quick).get("key") == {"a": "new"}
    assert await state_over(slow[0]).get("key") == {"a": "new"}
    await slow[0].close()


@pytest.mark.parametrize(
    ("ill", "well", "said"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "its memory is full"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "it takes no writes"),
        (("ACL", "SETUSER", "default", "-evalsha"), ("ACL", "SETUSER", "default", "+evalsha"), "its user may not do"),
    ],
)
async def test_a_redis_that_refuses_is_left_alone_until_it_does_not(
    trial: Trial, ill: tuple[str, ...], well: tuple[str, ...], said: str
) -> None:
    store = await trial.open()
    await state_over(store).upsert("key", {"a": 1})
    await trial.server.do(*ill)
    await state_over(store).upsert("key", {"a": 2})
    assert await state_over(store).get("key") == {"a": 2}
    await trial.notices.until(1)
    assert said in trial.notices[0]
    await trial.server.do(*well)
    await trial.notices.until(2)
    assert await state_over(store).get("key") == {"a": 2}
    assert trial.notices[1:] == [BACK]


@pytest.mark.parametrize(
    "words", [("SET", "{person}", "x"), ("HSET", "{person}", "key", "x"), ("SET", "{generation}", "")]
)
async def test_what_others_scribble_there_is_not_taken_for_ours(trial: Trial, words: tuple[str, ...]) -> None:
    state = state_over(await trial.open())
    await state.upsert("key", {"a": 1})
    names = {"{person}": trial.names.person(ADA), "{generation}": trial.names.generation}
    await trial.server.do(*(names.get(word, word) for word in words))
    assert await state.get("key") == {"a": 1}
    await state.upsert("key", {"a": 2})
    assert await state.get("key") == {"a": 2}


# --- when it cannot be used at all ------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["wrong-canary", ""])
async def test_a_wrong_password_is_told_without_it_and_the_work_goes_on(
    trial: Trial, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await trial.server.do("CONFIG", "SET", "requirepass", "right-canary")
    store = await trial.open(password=password)
    await state_over(store).upsert("key", {"a": 1})
    assert await state_over(store).get("key") == {"a": 1}
    assert is_away(store)
    for attempts in range(2, 6):
        await until_logged(caplog, "redis_lost", attempts)
    assert trial.notices == [AWAY.format("it refuses the password, or asks for one")]
    assert "canary" not in caplog.text


async def test_the_right_password_opens(trial: Trial) -> None:
    await trial.server.do("CONFIG", "SET", "requirepass", "ü:@/%-canary")
    store = await trial.open(password="%C3%BC%3A%40%2F%25-canary")
    assert not is_away(store)
    assert "canary" not in repr(store.__dict__) + repr(redis_address(trial.server.url("canary")))


async def until_logged(caplog: pytest.LogCaptureFixture, event: str, count: int) -> None:
    async with asyncio.timeout(10):
        while caplog.text.count(event) < count:
            await asyncio.sleep(0.005)


@asynccontextmanager
async def fake_redis(answer: Callable[[bytes], bytes]) -> AsyncIterator[str]:
    """A server that answers each line as it is told to; its URL."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                writer.write(answer(line.strip().upper()))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"redis://ada:canary@127.0.0.1:{server.sockets[0].getsockname()[1]}/1"
    finally:
        server.close()
        await server.wait_closed()


def telling(info: bytes, *, after: bytes = b"") -> Callable[[bytes], bytes]:
    bulk = b"$%d\r\n%b\r\n" % (len(info), info)
    answers = {b"INFO": bulk, b"SELECT": b"+OK\r\n", b"AUTH": b"+OK\r\n", b"SETINFO": b"+OK\r\n", b"EVALSHA": after}
    return lambda line: answers.get(line, b"")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            telling(b"redis_version:5.0.14\r\nrun_id:abc\r\n"),
            "it is version 5.0.14, and 6.0 is the oldest that will do",
        ),
        (telling(b"redis_version:60\r\nrun_id:abc\r\n"), "it is version 60, and 6.0 is"),
        (telling(b"redis_version:\x1b[31m\r\nrun_id:abc\r\n"), "it is version unknown, and"),
        (telling(b"redis_version:7.0.0\r\n"), "it is version 7.0.0"),
        (telling(b"redis_version:7.0.0\r\nrun_id:abc\r\n", after=b":1\r\n"), "it fails with ValueError"),
        (telling(b"redis_version:7.0.0\r\nrun_id:abc\r\n", after=b"-MISCONF no canary\r\n"), "it fails with MISCONF"),
        (telling(b"redis_version:7.0.0\r\nrun_id:abc\r\n", after=b"-LOADING\r\n"), "it is still starting"),
        (
            lambda line: b"-ERR unknown command `AUTH`, with args beginning with: `canary`\r\n",
            "it refuses what it is asked for",
        ),
        (lambda line: b"HTTP/1.1 400 Bad Request\r\n\r\n", "it"),
    ],
)
async def test_what_is_no_fit_redis_is_told_and_left_alone(
    answer: Callable[[bytes], bytes], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with fake_redis(answer) as url:
        notices = Notices()
        address = redis_address(url)
        store = RedisState(MemoryState(), lambda: RedisProcess(address, limit=PATIENT), notices, pace=AT_ONCE)
        await store.settled()
        await state_over(store).upsert("key", {"a": 1})
        assert await state_over(store).get("key") == {"a": 1}
        await until_logged(caplog, "redis_lost", 2)
        await store.close()
    assert len(notices) == 1
    assert notices[0].startswith(f"Redis is away ({said}")
    assert notices[0].isprintable()
    assert "canary" not in caplog.text + notices[0]


async def test_one_that_takes_connections_and_says_nothing_is_given_up() -> None:
    async with fake_redis(lambda _: b"") as url:
        notices = Notices()
        address = redis_address(url)
        store = RedisState(MemoryState(), lambda: RedisProcess(address, limit=0.05), notices, pace=AT_ONCE)
        await store.settled()
        await notices.until(1)
        await store.close()
    assert notices == [AWAY.format("it does not answer in time")]


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_a_secure_connection_needs_a_certificate_that_is_trusted(
    tmp_path: Path, unused_tcp_port: int, is_trusted: bool
) -> None:
    skip_without_redis()
    key, certificate = self_signed()
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "it.pem").write_bytes(certificate)
    paths = ("--tls-key-file", f"{tmp_path}/key.pem", "--tls-cert-file", f"{tmp_path}/it.pem")
    secured = ("--tls-port", str(unused_tcp_port), "--tls-auth-clients", "no", "--tls-ca-cert-file", paths[-1], *paths)
    async with redis_server(*secured):
        notices = Notices()
        trust = f"?ssl_ca_certs={tmp_path}/it.pem" if is_trusted else ""
        store = await open_redis_state(f"rediss://localhost:{unused_tcp_port}{trust}", MemoryState(), notices)
        await store.settled()
        assert is_away(store) is not is_trusted
        await state_over(store).upsert("key", {"a": 1})
        assert await state_over(store).get("key") == {"a": 1}
        await store.close()
    assert notices == ([] if is_trusted else [AWAY.format("no secure connection to it can be made")])


def self_signed() -> tuple[bytes, bytes]:
    """A key and a certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*plain), certificate.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("url", ["", "redis", "http://127.0.0.1", "redis://127.0.0.1:port"])
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a Redis"):
        await open_redis_state(url, MemoryState(), Notices())


async def test_without_the_package_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(StartError, match=r"pip install 'ringback\[redis\]'"):
        await open_redis_state("redis://127.0.0.1", MemoryState(), Notices())


def test_the_store_itself_can_be_loaded_without_the_package() -> None:
    code = "import sys; sys.modules['redis'] = None; import server.storage.redis_state"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


async def test_there_is_a_store_at_once_though_nobody_answers() -> None:
    notices = Notices()
    store = await open_redis_state("redis://127.0.0.1:1", MemoryState(), notices)
    await state_over(store).upsert("key", {"a": 1})
    assert await state_over(store).get("key") == {"a": 1}
    await notices.until(1)
    assert notices == [AWAY.format("it cannot be reached")]
    await store.close()


async def test_it_is_tried_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    honest, enough = asyncio.sleep, asyncio.Event()

    async def sleep(delay: float) -> None:
        slept.append(delay)
        if len(slept) == 7:
            enough.set()
        await honest(0 if len(slept) < 7 else 60)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    store = await open_redis_state("redis://127.0.0.1:1", MemoryState(), Notices())
    async with asyncio.timeout(10):
        await enough.wait()
    await store.close()
    assert slept == [1, 2, 4, 8, 10, 10, 10]


async def test_a_database_that_fails_when_redis_is_met_does_no_harm(trial: Trial) -> None:
    is_failing = True

    async def fail() -> None:
        if is_failing:
            raise StateError("The shared state cannot be reached: the database failed. Try again.")

    trial.database.after_read = fail
    store = await trial.open()
    assert is_away(store)
    is_failing = False
    await until_back(store)
    assert trial.notices == [], "it was not Redis that failed"


async def test_a_bug_in_who_is_told_spoils_nothing(trial: Trial, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    def fail(sentence: str) -> None:
        told.append(sentence)
        raise RuntimeError("a planted bug")

    address = redis_address(trial.server.url())
    store = RedisState(trial.database, lambda: RedisProcess(address), fail, pace=AT_ONCE)
    await store.settled()
    await trial.server.kill()
    await state_over(store).upsert("key", {"a": 1})
    await trial.server.start()
    await until_back(store)
    await store.close()
    assert len(told) == 2
    assert caplog.text.count("RuntimeError: a planted bug") == 2


# --- afterwards -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["there", "killed", "frozen"])
async def test_nothing_is_left_open_after_closing(trial: Trial, end: str) -> None:
    before = open_files(), len(asyncio.all_tasks())
    store = await trial.open(limit=0.1)
    await asyncio.gather(*(state_over(store).update_field(f"{n % 5}", f"{n}", n) for n in range(100)))
    if end == "killed":
        await trial.server.kill()
    if end == "frozen":
        trial.server.freeze()
    await asyncio.gather(*(store.read(ADA, f"{n}") for n in range(5)))
    await store.close()
    await store.close()
    async with asyncio.timeout(10):
        while open_files() > before[0]:
            await asyncio.sleep(0.005)
    gc.collect()
    assert len(asyncio.all_tasks()) == before[1]
    if end == "there":
        assert (await trial.server.do("CLIENT", "LIST")).count("\n") <= 2, "redis-cli's own, and an empty line"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_closing_lets_what_is_written_come_to_its_end(trial: Trial) -> None:
    store, other = await trial.open(), await trial.open()
    await state_over(other).upsert("key", {"a": "old"})
    trial.database.after_swap = held = Held()
    writer = asyncio.create_task(state_over(store).upsert("key", {"a": "new"}))
    await held.is_reached.wait()
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    held.go_on.set()
    await asyncio.gather(writer, closing)
    assert await state_over(other).get("key") == {"a": "new"}


@pytest.mark.parametrize(
    "stored", [NOTHING, Stored(None, 7), Stored("{}", 1), Stored('{"a":"\\n 1 f"}', 2**53, 1_800_000_000.123456)]
)
def test_an_entry_is_read_as_it_was_written(stored: Stored) -> None:
    assert answer_in([b"token", entry_of(stored)]) == (b"token", stored)


def test_a_floor_and_nothing_say_nothing() -> None:
    assert answer_in([b"token", floor_at(7)]) == (b"token", None)
    assert answer_in([b"token", None]) == (b"token", None)


@pytest.mark.parametrize(
    "told", [None, [], [b"t"], [None, None], [b"t", b""], [b"t", b"1 x -\n"], [b"t", b"x d -\n{}"]]
)
def test_what_is_no_entry_is_an_error(told: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        answer_in(told)
