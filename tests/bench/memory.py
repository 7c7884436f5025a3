"""Memory: of the server at rest, after its first turn, and per idle connection."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from tests.bench.table import show
from tests.bench.terminal import rss_mib
from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import fresh_server

IDLE = 150


async def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with fresh_server(Path(folder)) as server, AsyncExitStack() as stack:
            async with raw_tab(server.url, server.token) as tab:
                await tab.prompt("hello")
            warm = rss_mib(server.process.pid)
            for _ in range(IDLE):
                await stack.enter_async_context(raw_tab(server.url, server.token))
            full = rss_mib(server.process.pid)
    show(
        "Memory of the server",
        ["what", "figure"],
        [
            ["after its first turn", f"{warm:.0f} MiB"],
            [f"per idle connection, of {IDLE}", f"{(full - warm) / IDLE * 1024:.0f} KiB"],
        ],
    )


def main() -> None:
    asyncio.run(measure())
