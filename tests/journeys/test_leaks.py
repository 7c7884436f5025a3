"""Connections that come, talk and go leave nothing behind: no tasks, file descriptors, conversations or memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared.acp_names import METHOD_METRICS
from tests.faults.dying_server import faults_with, module_with
from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server

AT_ONCE = 5


@dataclass(frozen=True)
class Footprint:
    """What a server holds; ``memory`` is its resident memory in KiB."""

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


async def check(home: Path, *, warm_up: int, count: int, growth: float, plant: str | None = None) -> None:
    planted = fresh_server(home, module=module_with(plant), environ=faults_with(plant))
    async with planted as server, raw_tab(server.url, server.token) as watcher:
        await watcher.prompt("hello")
        await cycles(server, warm_up)
        base = await at_rest(watcher)
        await cycles(server, count)
        after = await at_rest(watcher, base)
    print(f"{count} cycles: {base} → {after}, memory {after.memory / base.memory:.3f} times")
    assert (after.tasks, after.descriptors, after.conversations, after.leaked) == (
        base.tasks,
        base.descriptors,
        base.conversations,
        0,
    )
    assert after.memory <= base.memory * growth


async def test_connections_that_come_and_go_leave_nothing_behind(tmp_path: Path) -> None:
    await check(tmp_path, warm_up=20, count=60, growth=1.15)


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_a_thousand_of_them_leave_nothing_behind(tmp_path: Path) -> None:
    await check(tmp_path, warm_up=300, count=1000, growth=1.02)
