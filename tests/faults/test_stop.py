"""Tabs that are cut, closed or cancelled in the middle leave nothing that runs by itself, no task and no hung turn."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from shared.acp_names import METHOD_TOOL_CALL
from tests.faults.dying_server import faults_with, module_with
from tests.faults.proxy import Line, behind, proxy_to
from tests.journeys.raw_tab import Message, RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server, running_server
from tests.journeys.test_leaks import at_rest

AT_ONCE = 5
WORDS = 3_000
"""More than are said before the tab stops."""
DRAIN = 5.0
TOLERANCE = 3.0
"""Seconds for what comes before and after the drain: hearing the signal, closing what is open, saving, leaving."""
SOON = {"RINGBACK_DOZE_AFTER": "0.3", "RINGBACK_CALL_TIMEOUT": "2"}
"""What waits for a tab that is gone holds a task for that long, in seconds: else the trials would wait for minutes."""
MOMENTS = ("asked", "running", "speaking")
STOPS = ("close", "cut", "reset", "cancel", "cancel and close")
ACROSS = 40
"""Bytes that still pass before a cut: less than any frame of ours."""


class SlowTab:
    """A tab whose tools do not end, and what ran in it."""

    def __init__(self, tab: RawTab) -> None:
        self.tab = tab
        self.ran: list[Message] = []
        self.approved = 0

    async def reach(self, moment: str, number: int) -> asyncio.Task[Message]:
        """Prompt, and come to ``moment``."""
        call = f'/tool change_bgm {{"track": {number}}}'
        turn = asyncio.create_task(self.tab.prompt(f"/stream {WORDS}" if moment == "speaking" else call))
        await self.tab.until(lambda: self.tab.asked or self.tab.text)
        if moment == "running":
            self.approved += 1
            await self.tab.answer(self.tab.asked[0], "allow_once")
            await self.tab.until(lambda: self.ran)
        return turn


def hold_calls(slow: SlowTab) -> None:
    """Let calls of tools be seen and never answered."""
    hear = slow.tab._hear

    async def hear_but_calls(frame: Message) -> None:
        if frame.get("method") == f"_{METHOD_TOOL_CALL}":
            slow.ran.append(frame["params"])
            async with slow.tab.news:
                slow.tab.news.notify_all()
        else:
            await hear(frame)

    slow.tab._hear = hear_but_calls  # type: ignore[method-assign]


async def stop(slow: SlowTab, line: Line, how: str, turn: asyncio.Task[Message]) -> None:
    """End it in one of the ways; an approval that comes too late must do nothing."""
    tab = slow.tab
    if how.startswith("cancel"):
        await tab.cancel()
        answer = await turn
        assert answer.get("result", {}).get("stopReason") == "cancelled", answer
        if tab.asked and not slow.approved:
            await tab.answer(tab.asked[0], "allow_once")
            assert "result" in await tab.prompt("hello")
    if how == "cut":
        line.cut(ACROSS)
        with suppress(ConnectionClosed):
            await tab.send("x" * 1000)
            await tab.websocket.wait_closed()
    elif how == "reset":
        line.reset()
    elif how.endswith("close"):
        await tab.websocket.close()


async def stop_in_the_middle(server: RunningServer, dice: random.Random, number: int) -> tuple[str, str]:
    """One trial: its moment and its way."""
    moment, how = dice.choice(MOMENTS), dice.choice(STOPS)
    async with proxy_to(behind(server.url)) as proxy, raw_tab(proxy.url, server.token) as tab:
        slow = SlowTab(tab)
        hold_calls(slow)
        turn = await slow.reach(moment, number)
        await stop(slow, proxy.lines[0], how, turn)
        turn.cancel()
        await asyncio.wait({turn})
        assert len(slow.ran) == slow.approved, f"{moment}, {how}: a tool ran without approval"
    return moment, how


async def check(home: Path, *, count: int, seed: int, plant: str | None = None) -> None:
    dice = random.Random(seed)
    trials: Counter[tuple[str, str]] = Counter()
    async with (
        fresh_server(home, module=module_with(plant), environ={**SOON, **faults_with(plant)}) as server,
        raw_tab(server.url, server.token) as watcher,
    ):
        await watcher.prompt("hello")
        base = await at_rest(watcher)
        for begin in range(0, count, AT_ONCE):
            numbers = range(begin, min(begin + AT_ONCE, count))
            trials.update(await asyncio.gather(*(stop_in_the_middle(server, dice, number) for number in numbers)))
        after = await at_rest(watcher, base)
        begun = sum("tool_begun" in line for line in server.lines)
        ended = sum("tool_ended" in line for line in server.lines)
    print(f"seed {seed}: {dict(trials)}")
    assert (after.tasks, after.descriptors, after.conversations, after.leaked) == (
        base.tasks,
        base.descriptors,
        base.conversations,
        0,
    )
    approved = sum(times for (moment, _), times in trials.items() if moment == "running")
    assert (begun, ended) == (approved, approved)


async def test_stopping_in_the_middle_leaves_nothing_that_runs_or_hangs(tmp_path: Path) -> None:
    await check(tmp_path, count=25, seed=25)


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_five_hundred_stops_in_the_middle_leave_nothing(tmp_path: Path) -> None:
    await check(tmp_path, count=500, seed=random.randrange(10**6))


async def test_a_server_that_is_told_to_stop_drains_turns_in_the_middle(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        async with AsyncExitStack() as stack:
            tabs = [await stack.enter_async_context(raw_tab(server.url, server.token)) for _ in MOMENTS]
            slow = [SlowTab(tab) for tab in tabs]
            for each in slow:
                hold_calls(each)
            turns = [await each.reach(moment, 1) for each, moment in zip(slow, MOMENTS, strict=True)]
            begun = asyncio.get_running_loop().time()
            server.process.terminate()
            async with asyncio.timeout(DRAIN + TOLERANCE):
                assert await server.process.wait() == 0
            print(f"stopped after {asyncio.get_running_loop().time() - begun:.2f} s")
            for turn in turns:
                turn.cancel()
        assert [len(each.ran) for each in slow] == [0, 1, 0]
