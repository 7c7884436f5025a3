"""Connections that come, talk and go leave nothing behind: no tasks, file descriptors, conversations or memory."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared.acp_names import METHOD_METRICS
from tests.faults import dying_server
from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server

AT_ONCE = 5
SHORT_GROWTH = 1.05
"""In the short form SQLite's page cache, 2 MB for each connection to it, is still filling."""
RESIDENT_GROWTH = 1.15
"""How much more memory may be resident: what an allocator once had for its peak it mostly keeps, and peaks vary."""


@dataclass(frozen=True)
class InUse:
    """What of a server's memory is in use: Python's own blocks, and the C library's bytes."""

    blocks: int
    bytes: int


@dataclass(frozen=True)
class Footprint:
    """What a server holds; ``memory`` is its resident memory in KiB, with what its allocators keep for later."""

    tasks: int
    descriptors: int
    conversations: int
    leaked: int
    memory: int


async def footprint(watcher: RawTab) -> Footprint:
    answer = await watcher.request(f"_{METHOD_METRICS}", {})
    read = {
        sample.name: sample.value
        for family in text_string_to_metric_families(answer["result"]["text"])
        for sample in family.samples
    }
    return Footprint(
        tasks=int(read["ringback_tasks"]),
        descriptors=int(read["process_open_fds"]),
        conversations=int(read["ringback_sessions_live"]),
        leaked=int(read["ringback_sessions_leaked"]),
        memory=int(read["process_resident_memory_bytes"] / 1024),
    )


async def come_and_go(server: RunningServer, number: int) -> None:
    """A tab that asks for a tool of its own and one of the server's, remembers something, and goes."""
    async with raw_tab(server.url, server.token) as tab:
        calls = f'/tools change_bgm {{"track": {number}}} | remember {{"key": "n{number % 10}", "value": {number}}}'
        turn = asyncio.create_task(tab.prompt(calls))
        await tab.until(lambda: tab.asked)
        if number % 3 != 0:
            await tab.answer(tab.asked[0], "allow_once")
            await turn
            return
        # Gone in the middle of its question, which another tab answers.
        turn.cancel()
    async with raw_tab(server.url, server.token, is_opened=False) as later:
        await later.introduce()
        await later.load(tab.session_id)
        await later.until(lambda: later.asked)
        await later.answer(later.asked[0], "reject_once")
        await later.until(lambda: later.ends)


async def cycles(server: RunningServer, count: int) -> None:
    for begin in range(0, count, AT_ONCE):
        await asyncio.gather(*(come_and_go(server, n) for n in range(begin, min(begin + AT_ONCE, count))))


async def at_rest(watcher: RawTab, base: Footprint | None = None) -> Footprint:
    """The footprint once the last turns are over; with a ``base``, once it is back there, or after a while."""
    seen = await footprint(watcher)
    for _ in range(100):
        is_back = base is None or (seen.tasks, seen.descriptors, seen.conversations) == (
            base.tasks,
            base.descriptors,
            base.conversations,
        )
        if is_back and seen.leaked == 0 and (base is not None or seen.conversations == 1):
            break
        await asyncio.sleep(0.1)
        seen = await footprint(watcher)
    return seen


async def in_use(server: RunningServer, file: Path) -> InUse:
    file.unlink(missing_ok=True)
    server.process.send_signal(signal.SIGUSR1)
    async with asyncio.timeout(20):
        while not file.exists():
            await asyncio.sleep(0.02)
    return InUse(**json.loads(file.read_text(encoding="ascii")))


async def check(home: Path, *, warm_up: int, count: int, growth: float, plant: str | None = None) -> None:
    """What is in use after ``count`` cycles is at most ``growth`` times of what it was after those of ``warm_up``."""
    told = home / "allocated"
    faults = {"allocated": str(told), **({} if plant is None else {"plant": plant})}
    environ = {"FAULTS": json.dumps(faults)}
    async with (
        fresh_server(home, module=dying_server.__name__, environ=environ) as server,
        raw_tab(server.url, server.token) as watcher,
    ):
        await watcher.prompt("hello")
        await cycles(server, warm_up)
        base, held = await at_rest(watcher), await in_use(server, told)
        await cycles(server, count)
        after, holds = await at_rest(watcher, base), await in_use(server, told)
    ratios = holds.blocks / held.blocks, holds.bytes / max(1, held.bytes), after.memory / base.memory
    print(f"{count} cycles: {base}, {held} → {after}, {holds}: {ratios[0]:.4f}, {ratios[1]:.4f}, {ratios[2]:.4f} times")
    assert (after.tasks, after.descriptors, after.conversations, after.leaked) == (
        base.tasks,
        base.descriptors,
        base.conversations,
        0,
    )
    assert holds.blocks <= held.blocks * growth
    assert holds.bytes <= held.bytes * growth
    assert after.memory <= base.memory * RESIDENT_GROWTH


async def test_connections_that_come_and_go_leave_nothing_behind(tmp_path: Path) -> None:
    await check(tmp_path, warm_up=20, count=60, growth=SHORT_GROWTH)


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_a_thousand_of_them_leave_nothing_behind(tmp_path: Path) -> None:
    await check(tmp_path, warm_up=300, count=1000, growth=1.02)
