"""Chunks per second to one client, beside a bare ``websockets`` push of frames of the same size."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.bench.table import show
from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import fresh_server

WORDS = 5_000


async def ours(home: Path) -> tuple[float, int]:
    """Chunks a second, and the size of one frame in bytes."""
    async with fresh_server(home) as server, raw_tab(server.url, server.token) as tab:
        await tab.prompt("/stream 100")
        tab.frames.clear()
        begun = time.perf_counter()
        await tab.prompt(f"/stream {WORDS}")
        seconds = time.perf_counter() - begun
        chunks = [frame for frame in tab.frames if "agent_message_chunk" in json.dumps(frame)]
    return len(chunks) / seconds, len(json.dumps(chunks[0]))


async def bare(size: int) -> float:
    """Frames a second that a bare server pushes and a bare client reads and parses."""

    async def push(connection: ServerConnection) -> None:
        frame = json.dumps({"text": "x" * (size - 12)})
        for _ in range(WORDS):
            await connection.send(frame)

    async with serve(push, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        begun, count = time.perf_counter(), 0
        async with connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as client:
            async for frame in client:
                json.loads(frame)
                count += 1
        return count / (time.perf_counter() - begun)


async def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rate, size = await ours(Path(folder))
    floor = await bare(size)
    show(
        "Chunks a second to one client",
        ["what", "chunks a second"],
        [
            ["ours: model, ADK, server, socket, JSON read", f"{rate:,.0f}"],
            ["bare websockets push, both ends in one process", f"{floor:,.0f}"],
        ],
    )


def main() -> None:
    asyncio.run(measure())
