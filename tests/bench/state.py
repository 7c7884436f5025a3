"""Shared state: a read, a write and a write that changes nothing, on each store, beside the same done barely."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import aiosqlite
import asyncpg
from redis.asyncio import Redis

from server.bus.local_changes import LocalChanges
from server.core.identity import identity_named
from server.state.shared_state import SharedState, SharedStates
from server.state.store import StateStore
from server.storage.engine import PRAGMAS
from server.storage.memory_state import MemoryState
from server.storage.redis_state import open_redis_state
from server.storage.sql_state import SqlState
from shared.json_types import JsonObject
from tests.bench.table import show
from tests.contracts.databases import database, has_postgresql
from tests.contracts.redis_server import BINARY, redis_server

ROUNDS = 400
"""How often each is done after a warm-up, all of them in turns, since neighbours are noisy."""
WARM_UP = 40
DOCUMENT: JsonObject = {f"field {n}": {"count": n, "text": "x" * 40} for n in range(10)}
ADA = identity_named("default", "ada")

Step: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Steps:
    """The same three steps, done by ours or barely."""

    read: Step
    write: Step
    unchanged: Step


def ours(state: SharedState) -> Steps:
    """Through the nine operations."""
    count = 0

    async def write() -> None:
        nonlocal count
        count += 1
        await state.update_field("tally", "count", count)

    return Steps(
        read=lambda: state.get("tally"),
        write=write,
        unchanged=lambda: state.update_field("tally", "field 1", DOCUMENT["field 1"]),
    )


async def state_on(store: StateStore) -> SharedState:
    async def bring() -> StateStore:
        return store

    state = SharedStates(bring, LocalChanges()).of(ADA, None)
    await state.upsert("tally", {**DOCUMENT, "count": 0})
    return state


# --- the floors: one round trip each, and the JSON of the document ------------------------------------------


def bare_memory() -> Steps:
    """A dict."""
    kept = {"tally": json.dumps(DOCUMENT)}

    async def read() -> None:
        json.loads(kept["tally"])

    async def write() -> None:
        kept["tally"] = json.dumps(json.loads(kept["tally"]))

    return Steps(read, write, read)


@asynccontextmanager
async def bare_sqlite(folder: Path) -> AsyncIterator[Steps]:
    """One connection of aiosqlite with our pragmas."""
    async with aiosqlite.connect(folder / "bare.db") as connection:
        for pragma in PRAGMAS:
            await connection.execute(pragma)
        await connection.execute("CREATE TABLE bare (key TEXT PRIMARY KEY, document TEXT)")
        await connection.execute("INSERT INTO bare VALUES ('tally', ?)", (json.dumps(DOCUMENT),))
        await connection.commit()

        async def read() -> None:
            async with connection.execute("SELECT document FROM bare WHERE key = ?", ("tally",)) as rows:
                found = await rows.fetchone()
            assert found is not None
            json.loads(found[0])

        async def write() -> None:
            await connection.execute("UPDATE bare SET document = ? WHERE key = ?", (json.dumps(DOCUMENT), "tally"))
            await connection.commit()

        yield Steps(read, write, read)


@asynccontextmanager
async def bare_postgresql(url: str) -> AsyncIterator[Steps]:
    """One connection of asyncpg."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE bare (key TEXT PRIMARY KEY, document TEXT)")
    await connection.execute("INSERT INTO bare VALUES ('tally', $1)", json.dumps(DOCUMENT))

    async def read() -> None:
        json.loads(await connection.fetchval("SELECT document FROM bare WHERE key = $1", "tally"))

    async def write() -> None:
        await connection.execute("UPDATE bare SET document = $1 WHERE key = $2", json.dumps(DOCUMENT), "tally")

    try:
        yield Steps(read, write, read)
    finally:
        await connection.close()


@asynccontextmanager
async def bare_redis(url: str, database: Steps) -> AsyncIterator[Steps]:
    """One GET; a write is the database's bare one, and then one SET."""
    client: Redis = Redis.from_url(url)
    await client.set("bare", json.dumps(DOCUMENT))

    async def read() -> None:
        found = await client.get("bare")
        assert found is not None
        json.loads(found)

    async def write() -> None:
        await database.write()
        await client.set("bare", json.dumps(DOCUMENT))

    try:
        yield Steps(read, write, read)
    finally:
        await client.aclose()


# --- measured -----------------------------------------------------------------------------------------------


async def medians(steps: dict[str, Step]) -> dict[str, float]:
    """Microseconds of each, the median of all rounds."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(ROUNDS + WARM_UP):
        for name, step in steps.items():
            begun = time.perf_counter()
            await step()
            if turn >= WARM_UP:
                taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(seconds) * 1e6 for name, seconds in taken.items()}


async def row(name: str, bare: Steps, mine: Steps) -> list[str]:
    """One line of the table."""
    pairs = [("read", bare.read, mine.read), ("write", bare.write, mine.write)]
    pairs.append(("unchanged", bare.unchanged, mine.unchanged))
    steps = {f"{side} {what}": step for what, *both in pairs for side, step in zip(("bare", "ours"), both, strict=True)}
    found = await medians(steps)
    cells = [name]
    for what, *_ in pairs:
        floor, taken = found[f"bare {what}"], found[f"ours {what}"]
        cells += [f"{floor:,.0f}", f"{taken:,.0f}", f"{taken / floor:.1f} x"]
    return cells


async def rows(folder: Path) -> AsyncIterator[list[str]]:
    """A line for each store that can be had here."""
    yield await row("memory", bare_memory(), ours(await state_on(MemoryState())))
    async with database("sqlite", folder) as engine, bare_sqlite(folder) as bare:
        yield await row("SQLite", bare, ours(await state_on(SqlState(engine))))
        if BINARY is not None:
            yield await redis_row("Redis before SQLite", SqlState(engine), bare)
    if not has_postgresql():
        return
    async with database("postgresql", folder) as engine:
        plain = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        async with bare_postgresql(plain) as bare:
            yield await row("PostgreSQL", bare, ours(await state_on(SqlState(engine))))
            if BINARY is not None:
                yield await redis_row("Redis before PostgreSQL", SqlState(engine), bare)


async def redis_row(name: str, inner: StateStore, database_bare: Steps) -> list[str]:
    """A line with a Redis of the bench's own in front of a database."""
    notices: list[str] = []
    async with redis_server() as server, bare_redis(server.url(), database_bare) as bare:
        store = await open_redis_state(server.url(), inner, notices.append)
        await store.settled()
        try:
            cells = await row(name, bare, ours(await state_on(store)))
        finally:
            await store.close()
    assert not notices, notices
    return cells


async def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = [cells async for cells in rows(Path(folder))]
    show(
        f"Shared state, a document of {len(json.dumps(DOCUMENT))} bytes, median µs",
        [
            "store",
            *(f"{what}: {side}" for what in ("read", "write", "unchanged write") for side in ("bare", "ours", "ratio")),
        ],
        found,
    )


def main() -> None:
    asyncio.run(measure())
