"""Tools that people wrote, in a real server process."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import running_server

STOPPING = 15.0
"""How long a server may take to stop, in seconds: its own limits are a third of it."""


async def test_a_tool_that_blocks_its_thread_does_not_keep_the_server_from_stopping(tmp_path: Path) -> None:
    since = tmp_path / "since"
    environ = {"RINGBACK_TOOLS": "tests.own_tools.blocker:Blocker", "BLOCKS_SINCE": str(since)}
    async with (
        running_server(tmp_path, environ=environ) as server,
        raw_tab(server.url, server.token) as tab,
    ):
        prompt = asyncio.create_task(tab.prompt("/tool blocker {}"))
        await tab.until(lambda: tab.asked)
        await tab.answer(tab.asked[0], "allow_once")
        async with asyncio.timeout(STOPPING):
            while not since.exists():
                await asyncio.sleep(0.01)
        begun = time.monotonic()
        server.process.terminate()
        async with asyncio.timeout(STOPPING):
            assert await server.process.wait() == 0, server.lines
        assert time.monotonic() - begun < STOPPING
        prompt.cancel()
        await asyncio.wait({prompt})
    assert "Traceback" not in "\n".join(server.lines)
