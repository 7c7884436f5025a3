"""What one conversation or connection may have at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.tabs.verdicts import MAX_OPEN
from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import running_server

MORE = 6
PATIENCE = 60.0


async def test_of_too_many_calls_at_once_the_last_ones_are_refused_and_the_others_asked_about(tmp_path: Path) -> None:
    calls = " | ".join(f'change_bgm {{"track": {number}}}' for number in range(MAX_OPEN + MORE))
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        tab.patience = PATIENCE
        turn = asyncio.create_task(tab.prompt(f"/tools {calls}"))
        await tab.until(lambda: len(tab.asked) == MAX_OPEN, PATIENCE)
        for asked in list(tab.asked):
            await tab.answer(asked, "reject_once")
        await turn
    assert len(tab.asked) == MAX_OPEN
    assert tab.text.count("Too many calls are open at once") == MORE


async def test_who_sends_too_fast_is_read_later_and_loses_nothing(tmp_path: Path) -> None:
    slow = {"RINGBACK_MAX_MESSAGES": "40"}
    async with running_server(tmp_path, environ=slow) as server, raw_tab(server.url, server.token) as tab:
        begun = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(tab.request("_ringback/state/list", {}) for _ in range(60)))
        for _ in range(4):
            answers += await asyncio.gather(*(tab.request("_ringback/state/list", {}) for _ in range(60)))
        seconds = asyncio.get_running_loop().time() - begun
    assert all("result" in answer for answer in answers)
    # 200 at once, and 40 more each second.
    assert seconds >= (300 - 200) / 40 * 0.8
