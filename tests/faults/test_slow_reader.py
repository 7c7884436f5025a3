"""A tab that reads nothing costs only itself: little memory, nobody else's time, and it finds everything later."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.faults import dying_server
from tests.faults.nursery import Nursery
from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server
from tests.journeys.test_leaks import in_use

WORDS = 6_000
"""More than all buffers between the two hold."""
MANY_WORDS = 40_000
"""So many that keeping them all would be seen."""
MEMORY = 8 * 1024
"""KiB, as promised."""
SLOWER = 1.2
"""How much slower the others may be, as promised. Beside other tests, three times that is good enough."""
PATIENCE = 90.0
OTHERS = 4
BLOCK = 64
"""Bytes that one of Python's own blocks takes, about."""
LOOK_EVERY = 0.3
BUSY = 0.3
"""A server that uses less of a processor than that has nothing to do but to answer who looks."""


@dataclass
class Tally:
    """Seconds and KiB that were measured; ``wrongs`` are sentences."""

    before: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    memory: int = 0
    cut_after: float = 0.0
    wrongs: list[str] = field(default_factory=list)

    @property
    def slower(self) -> float:
        """The others' p95 beside the slow one, over theirs before."""
        return _p95(self.beside) / _p95(self.before)


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


async def turns(tabs: list[RawTab], count: int, seconds: list[float]) -> None:
    """So many turns of each, one after the other, all tabs at once."""

    async def of(tab: RawTab) -> None:
        for _ in range(count):
            begun = time.perf_counter()
            await tab.prompt("hello")
            seconds.append(time.perf_counter() - begun)

    await asyncio.gather(*(of(tab) for tab in tabs))


async def held(server: RunningServer, told: Path) -> int:
    """How much memory is in use, in KiB; what allocators keep for later is not in it."""
    used = await in_use(server, told)
    return (used.bytes + used.blocks * BLOCK) // 1024


def narrow(server: RunningServer) -> socket.socket:
    """A connection that holds little of what is not read."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", server.port))
    return line


async def until_it_waits(server: RunningServer) -> None:
    """Until the server has nothing to do: all that is on its way to the slow one is full."""
    stat, ticks = Path(f"/proc/{server.process.pid}/stat"), os.sysconf("SC_CLK_TCK")
    used, now = -1.0, 0.0
    async with asyncio.timeout(PATIENCE):
        while now - used > BUSY * LOOK_EVERY:
            await asyncio.sleep(LOOK_EVERY)
            used, now = now, sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) / ticks


async def until_cut(server: RunningServer, slow: RawTab) -> None:
    ended = f"client_identifier={slow.signature}"
    async with asyncio.timeout(PATIENCE):
        while not any("connection_ended" in line and ended in line for line in server.lines):
            await asyncio.sleep(0.1)


async def check(
    nursery: Nursery | None, home: Path, *, rounds: int, words: int = WORDS, plant: str | None = None
) -> Tally:
    """``rounds`` turns of each of the others before, and as many beside the slow one."""
    del nursery
    tally = Tally()
    told = home / "allocated"
    environ = {"FAULTS": json.dumps({"allocated": str(told), **({} if plant is None else {"plant": plant})})}
    async with (
        fresh_server(home, module=dying_server.__name__, environ=environ) as server,
        AsyncExitStack() as stack,
    ):
        tabs = [await stack.enter_async_context(raw_tab(server.url, server.token)) for _ in range(OTHERS)]
        # What so long an answer takes with a tab that reads it is not the slow one's doing.
        async with raw_tab(server.url, server.token) as quick:
            quick.patience = PATIENCE
            await quick.prompt(f"/stream {words}")
        await turns(tabs, rounds, [])
        await turns(tabs, rounds, tally.before)
        base = await held(server, told)
        headers = {"Authorization": f"Bearer {server.token}"}
        line_to = narrow(server)
        async with connect(
            server.url, sock=line_to, additional_headers=headers, compression=None, proxy=None, max_queue=2
        ) as line:
            slow = RawTab(line, "PC")
            reading = asyncio.create_task(slow.listen())
            await slow.open()
            turn = asyncio.create_task(slow.prompt(f"/stream {words}"))
            await slow.until(lambda: slow.text)
            reading.cancel()
            begun = time.monotonic()
            await until_it_waits(server)
            tally.memory = await held(server, told) - base
            await turns(tabs, rounds, tally.beside)
            await until_cut(server, slow)
            tally.cut_after = time.monotonic() - begun
            turn.cancel()
        line_to.close()
        async with raw_tab(server.url, server.token, is_opened=False) as later:
            later.patience = PATIENCE
            await later.introduce()
            await later.load(slow.session_id)
            await later.until(lambda: later.ends, PATIENCE)
            if (said := len(later.text.split())) != words:
                tally.wrongs.append(f"{said} words of {words} were there later")
    print(
        f"a slow reader: cut off after {tally.cut_after:.1f} s, {tally.memory / 1024:.1f} MiB at most, the others' p95 "
        f"{_p95(tally.before) * 1000:.0f} ms before and {_p95(tally.beside) * 1000:.0f} ms beside it "
        f"({tally.slower:.2f} times); {len(tally.wrongs)} wrong"
    )
    return tally


async def test_a_tab_that_reads_nothing_costs_only_itself(tmp_path: Path) -> None:
    tally = await check(None, tmp_path, rounds=8)
    assert tally.wrongs == []
    assert tally.memory <= MEMORY
    assert tally.slower <= 3 * SLOWER


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_a_tab_that_reads_nothing_costs_the_others_little_time(tmp_path: Path) -> None:
    tally = await check(None, tmp_path, rounds=150, words=MANY_WORDS)
    assert tally.wrongs == []
    assert tally.memory <= MEMORY
    assert tally.slower <= SLOWER
