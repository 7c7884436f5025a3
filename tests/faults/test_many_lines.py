"""Many connections that do nothing take little memory, and neither they nor half a handshake keep anybody out."""

from __future__ import annotations

import asyncio
import resource
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import fresh_server
from tests.journeys.test_door import gone
from tests.journeys.test_leaks import footprint

MEMORY_OF_ONE = 100 * 1024 / 1000
"""KiB, as promised for a thousand of them."""
REFUSED_WITHIN = 0.1
"""Seconds, as promised. Beside other tests, ten times that is good enough."""
AT_ONCE = 20
WITNESSES = 1


@dataclass
class Tally:
    """``memory`` is in KiB, all else in seconds."""

    memory: int = 0
    refused_after: list[float] = field(default_factory=list)
    entered_after: float = 0.0
    answered_after: float = 0.0


async def check(home: Path, *, count: int, halves: int) -> Tally:
    """``count`` lines at a server that takes no more, and then ``halves`` peers that never end their handshake."""
    tally = Tally()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 3 * count + 1_000)), hard))
    most = {"RINGBACK_MAX_CONNECTIONS": str(count + WITNESSES), "RINGBACK_MAX_CONNECTIONS_OF_ONE": str(count * 2)}
    async with fresh_server(home, environ=most) as server, AsyncExitStack() as stack:
        witness = await stack.enter_async_context(raw_tab(server.url, server.token))
        await witness.prompt("hello")
        base = await footprint(witness)
        for begin in range(0, count, AT_ONCE):
            coming = (
                stack.enter_async_context(raw_tab(server.url, server.token))
                for _ in range(begin, min(begin + AT_ONCE, count))
            )
            await asyncio.gather(*coming)
        tally.memory = (await footprint(witness)).memory - base.memory
        begun = time.perf_counter()
        await witness.prompt("hello")
        tally.answered_after = time.perf_counter() - begun
        for _ in range(10):
            begun = time.perf_counter()
            with pytest.raises(InvalidStatus) as refused:
                await stack.enter_async_context(raw_tab(server.url, server.token))
            tally.refused_after.append(time.perf_counter() - begun)
            assert refused.value.response.status_code == 503
            assert b"are taken. Close one and try again." in refused.value.response.body
    async with fresh_server(home) as server, AsyncExitStack() as stack:
        for number in range(halves):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            stack.push_async_callback(gone, writer)
            if number % 2:
                writer.write(b"GET /acp HTTP/1.1\r\nHost: localhost\r\n")
        begun = time.perf_counter()
        async with raw_tab(server.url, server.token) as tab:
            tally.entered_after = time.perf_counter() - begun
            assert "result" in await tab.prompt("hello")
    print(
        f"{count} idle connections take {tally.memory / 1024:.1f} MiB; one over the cap is refused after "
        f"{max(tally.refused_after) * 1000:.0f} ms at most; beside {halves} half handshakes a tab is in after "
        f"{tally.entered_after * 1000:.0f} ms"
    )
    return tally


async def test_connections_that_do_nothing_take_little_and_keep_nobody_out(tmp_path: Path) -> None:
    tally = await check(tmp_path, count=60, halves=100)
    # The first ones load what all of them need.
    assert tally.memory <= 60 * MEMORY_OF_ONE + 4 * 1024
    assert max(tally.refused_after) <= 10 * REFUSED_WITHIN


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_a_thousand_connections_take_a_hundred_mebibytes_at_most(tmp_path: Path) -> None:
    tally = await check(tmp_path, count=1_000, halves=500)
    assert tally.memory <= 1_000 * MEMORY_OF_ONE
    assert max(tally.refused_after) <= REFUSED_WITHIN
    assert tally.entered_after <= 1.0
