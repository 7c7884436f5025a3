"""The event loop never stalls, however many tabs are busy and whatever blocks in a tool's own thread."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.household import household
from tests.faults.nursery import Nursery
from tests.journeys.raw_tab import Message, RawTab, raw_tab

LIMIT = 100.0
"""Milliseconds, as promised. Where other tests are busy as well, five times that is good enough."""
BLOCKED = 0.2
"""Seconds for which each sync tool blocks its thread."""


@dataclass
class Tally:
    """What was measured, in milliseconds."""

    longest: float = 0.0
    turns: int = 0
    wrongs: list[str] = field(default_factory=list)


async def be_busy(tab: RawTab, number: int, tally: Tally) -> None:
    """Stream, have a sync tool block, and stream again."""
    hear = tab._hear

    async def hear_and_allow(frame: Message) -> None:
        await hear(frame)
        if frame.get("method") == "session/request_permission":
            await tab.answer(frame, "allow_once")

    tab._hear = hear_and_allow  # type: ignore[method-assign]
    tab.patience = 100.0
    for text in ("/stream 60", f'/tool pay_sync {{"seconds": {BLOCKED}}}', f"hello {number}", "/stream 60"):
        answer = await tab.prompt(text)
        tally.turns += 1
        if answer.get("result", {}).get("stopReason") != "end_turn":
            tally.wrongs.append(str(answer))


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    """``count`` busy tabs."""
    del seed
    tally = Tally()
    async with household(nursery, home) as house:
        house.plant = plant
        stalls = home / "stalls"
        assert await house.start({"stalls": str(stalls)})
        async with AsyncExitStack() as stack:
            tabs = [await stack.enter_async_context(raw_tab(house.where.url, house.where.token)) for _ in range(count)]
            # Once everything is loaded.
            await tabs[0].prompt("hello")
            stalls.with_suffix(".begin").touch()
            await asyncio.gather(*(be_busy(tab, number, tally) for number, tab in enumerate(tabs)))
        tally.longest = float(stalls.read_text(encoding="ascii"))
    print(f"{count} busy tabs, {tally.turns} turns: the longest stall of the event loop was {tally.longest:.0f} ms")
    return tally


async def test_busy_tabs_do_not_stall_the_event_loop(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=25, seed=17)
    assert tally.wrongs == []
    assert 0 < tally.longest < 5 * LIMIT


@pytest.mark.stress
@pytest.mark.timeout(300)
async def test_a_hundred_busy_tabs_do_not_stall_the_event_loop(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=100, seed=random.randrange(10**6))
    assert tally.wrongs == []
    assert 0 < tally.longest < LIMIT
