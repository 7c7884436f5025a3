"""The wall clock may jump by hours and years: no question expires early or late, and nothing gets out of order."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.household import WAIT, Household, household, notify
from tests.faults.nursery import Nursery
from tests.faults.oracles import asked_again

NAMES = ("PC", "laptop", "phone", "tablet")
HOUR, YEARS = 3600, 10 * 365 * 86_400
JUMPS = (HOUR, -HOUR, YEARS, -YEARS, 0)
LOOKED = 0.3
"""Seconds in which the server has looked at the clock."""
SHORT = 0.5
"""Seconds that a person has, where nobody is to be in time."""


@dataclass
class Tally:
    """What a series of jumps saw."""

    stayed: int = 0
    expired: int = 0
    wrongs: list[str] = field(default_factory=list)


async def all_asked(house: Household, name: str) -> None:
    for tab in house.tabs:
        tab.say(name, f"/tool {notify(f'{WAIT} {tab.name} {name}')}")
    await house.until("all are asked", lambda: all(len(tab.open_questions) == 1 for tab in house.tabs))


async def all_over(house: Household) -> None:
    await house.until("all is over", lambda: all(set(tab.said) == set(tab.ended) for tab in house.tabs))


async def stay_open(house: Household, clock: Path, jumps: tuple[int, int], name: str, tally: Tally) -> None:
    """Questions that are open while the clock jumps twice, with the server up, and again with it down."""
    await all_asked(house, name)
    pending = house.in_state("shown")
    clock.write_text(str(jumps[0]), encoding="ascii")
    await asyncio.sleep(LOOKED)
    if house.in_state("shown") != pending:
        tally.wrongs.append(f"{name}: after a jump by {jumps[0]} s, {house.in_state('expired')} expired")
    await house.end()
    clock.write_text(str(jumps[1]), encoding="ascii")
    assert await house.start({"clock": str(clock)})
    await house.until("they are back", lambda: all(len(tab.open_questions) == 1 for tab in house.tabs))
    await asyncio.sleep(LOOKED)
    tally.wrongs += asked_again(house.tabs, pending, within=10)
    if house.in_state("shown") != pending:
        tally.wrongs.append(f"{name}: after a jump and a restart, {house.in_state('expired')} expired")
    tally.stayed += 2 * len(house.tabs)
    for tab in house.tabs:
        tab.answer_all("allow_once")
        tab.say(f"{name} later", f"hello {name}")
    await all_over(house)


async def expire_in_time(house: Household, clock: Path, jump: int, name: str, tally: Tally) -> None:
    """Questions whose time is over soon, whatever the clock says."""
    await house.end()
    assert await house.start({"clock": str(clock)}, RINGBACK_APPROVAL_TIMEOUT=str(SHORT))
    await all_asked(house, name)
    clock.write_text(str(jump), encoding="ascii")
    begun = time.monotonic()
    await all_over(house)
    if time.monotonic() - begun > 10 * SHORT:
        tally.wrongs.append(f"{name}: expired only after {time.monotonic() - begun:.1f} s")
    tally.expired += len(house.tabs)
    await house.end()
    assert await house.start({"clock": str(clock)})


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    """``count`` jumps with as many questions open as there are tabs."""
    dice, tally = random.Random(seed), Tally()
    clock = home / "clock"
    async with household(nursery, home, *NAMES) as house:
        house.plant = plant
        assert await house.start({"clock": str(clock)})
        for number in range(count):
            jump = JUMPS[number % len(JUMPS)]
            await stay_open(house, clock, (jump, dice.choice((jump, -jump))), f"{number}", tally)
            if number % 5 == 3:
                await expire_in_time(house, clock, -jump, f"short {number}", tally)
            tally.wrongs += house.wrongs()
            if tally.wrongs:
                break
    print(f"seed {seed}: {tally.stayed} questions open over a jump, {tally.expired} expired in time")
    return tally


async def test_no_question_expires_because_the_wall_clock_jumps(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=5, seed=18)
    assert tally.wrongs == []
    assert tally.expired


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_no_question_expires_in_a_hundred_jumps(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=100, seed=random.randrange(10**6))
    assert tally.wrongs == []
