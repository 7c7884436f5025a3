"""Tools that people wrote, in a real server process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import RunningServer, running_server

STOPPING = 15.0
"""How long a server may take to stop, in seconds: its own limits are less than half of it."""
TOOLS = ("blocker", "blocker_elsewhere", "stubborn")


@asynccontextmanager
async def server_of_blockers(home: Path) -> AsyncIterator[RunningServer]:
    classes = ("Blocker", "BlockerElsewhere", "Stubborn")
    environ = {
        "RINGBACK_TOOLS": ",".join(f"tests.own_tools.blocker:{name}" for name in classes),
        "BLOCKS_SINCE": str(home / "since"),
    }
    async with running_server(home, environ=environ) as server:
        yield server


async def until_it_runs(tab: RawTab, home: Path, call: str) -> asyncio.Task[object]:
    prompt: asyncio.Task[object] = asyncio.create_task(tab.prompt(f"/tool {call}"))
    await tab.until(lambda: tab.asked)
    await tab.answer(tab.asked[0], "allow_once")
    async with asyncio.timeout(STOPPING):
        while not (home / "since").exists():
            await asyncio.sleep(0.01)
    return prompt


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["running", "cancelled"])
@pytest.mark.parametrize("tool", TOOLS)
async def test_a_tool_that_does_not_end_keeps_no_server_from_stopping(
    tool: str, is_cancelled: bool, tmp_path: Path
) -> None:
    async with server_of_blockers(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        prompt = await until_it_runs(tab, tmp_path, f"{tool} {{}}")
        if is_cancelled:
            await tab.cancel()
            await prompt
        begun = time.monotonic()
        server.process.terminate()
        async with asyncio.timeout(STOPPING):
            assert await server.process.wait() == 0, server.lines
        assert time.monotonic() - begun < STOPPING
        assert not (server.data_dir / "server.pid").exists(), "it left in order"
        prompt.cancel()
        await asyncio.wait({prompt})


async def test_a_tool_that_blocks_many_threads_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with server_of_blockers(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        prompt = await until_it_runs(tab, tmp_path, 'blocker_elsewhere {"threads": 40}')
        await tab.cancel()
        await prompt
        assert (await tab.prompt("What do you remember about my colour?"))["result"]["stopReason"] == "end_turn"
        async with raw_tab(server.url, server.token) as other:
            assert (await other.prompt("hello"))["result"]["stopReason"] == "end_turn"
