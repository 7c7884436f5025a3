"""A call whose end nobody saw is told as one that may have run, and never runs again on its own."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.durable_tab import DurableTab, living
from tests.faults.household import Household, household, notify
from tests.faults.nursery import Nursery
from tests.faults.oracles import IN_DOUBT, read
from tests.journeys.raw_tab import Message

NAMES = tuple(f"tab {n}" for n in range(10))
PAYING = 600.0
"""Seconds for which the server's own tool goes on: longer than its server."""


@dataclass
class Tally:
    """What a series of trials saw."""

    mid_tool: Counter[str] = field(default_factory=Counter)
    server_kills: int = 0
    in_doubt: int = 0
    wrongs: list[str] = field(default_factory=list)


class Mortal:
    """A tab's tool that holds at a moment: before its side effect, or after it."""

    def __init__(self, tab: DurableTab) -> None:
        self.tab = tab
        self.is_after = False
        self.reached = asyncio.Event()
        self.goes_on = asyncio.Event()
        tab.use_tool = self.use

    def hold(self, *, is_after: bool) -> None:
        self.is_after = is_after
        self.reached, self.goes_on = asyncio.Event(), asyncio.Event()

    async def end_unreported(self) -> None:
        """Come to the end, and die before anybody is told."""
        self.tab.is_mute = True
        self.goes_on.set()
        await self.tab.until(lambda: not self.tab.is_using)
        self.tab.die()
        self.tab.is_mute = False

    async def use(self, params: Message, run: Callable[[], None]) -> Message:
        if self.is_after:
            run()
        self.reached.set()
        await self.goes_on.wait()
        if not self.is_after:
            run()
        return {"success": True, **params["arguments"]}


@dataclass
class Fate:
    """What happens to one call that is under way.

    ``what``: the tab dies and comes back, in the middle or with the result on its disk; it stays; another device comes
    in its place; or the tool is the server's.
    """

    what: str
    is_after: bool
    message_id: str
    call: str

    @property
    def ends_in_doubt(self) -> bool:
        return self.what not in {"stays", "dies unreported"}


FATES = ("tab dies", "dies unreported", "stays", "other device", "server's own")


def fates(number: int, dice: random.Random, *, has_own: bool) -> list[Fate]:
    """One for each tab; without a server that dies, its own tool would go on for ever."""
    found = []
    for name in NAMES:
        what = dice.choice(FATES if has_own else FATES[:-1])
        label = f"{name} {number}"
        call = notify(label) if what != "server's own" else f'pay {{"note": "{label}", "seconds": {PAYING}}}'
        found.append(Fate(what, dice.random() < 0.5, f"{number}", f"/tool {call}"))
    return found


async def under_way(house: Household, mortal: Mortal, fate: Fate) -> None:
    """Come to the middle of the call."""
    mortal.hold(is_after=fate.is_after)
    mortal.tab.say(fate.message_id, fate.call)
    if fate.what == "server's own":
        note = f"{mortal.tab.name} {fate.message_id}"
        await house.until("it pays", lambda: note in house.paid)
    else:
        await house.until("it runs", mortal.reached.is_set)


async def trial(house: Household, mortals: list[Mortal], number: int, dice: random.Random, tally: Tally) -> None:
    """Ten calls under way; the server dies or not, the tabs as their fates say; then all comes to its end."""
    kills_server = dice.random() < 0.75
    chosen = fates(number, dice, has_own=kills_server)
    await asyncio.gather(*(under_way(house, m, f) for m, f in zip(mortals, chosen, strict=True)))
    for fate in chosen:
        tally.mid_tool[f"{fate.what}{', server dies' if kills_server else ''}"] += 1
    if kills_server:
        tally.server_kills += 1
        await house.end()
    for mortal, fate in zip(mortals, chosen, strict=True):
        await meet(mortal, fate, later=0.3 * dice.randrange(2))
    if kills_server:
        assert await house.start()
    others = {f"{m.tab.name}": other_device(house, m.tab) for m in mortals if m.tab.stays_away}
    async with living(*others.values()):
        for mortal, fate in zip(mortals, chosen, strict=True):
            tab = others.get(mortal.tab.name, mortal.tab)
            await house.until(f"{fate} is over", lambda tab=tab, fate=fate: fate.message_id in tab.ended)
            tally.wrongs += told(house, tab, fate, tally)
    for tab in house.tabs:
        if tab.name in others:
            tally.wrongs += come_home(tab, others[tab.name])
    tally.wrongs += [f"trial {number}: {wrong}" for wrong in house.wrongs()]


async def meet(mortal: Mortal, fate: Fate, *, later: float) -> None:
    """Let the tab have its fate."""
    match fate.what:
        case "tab dies":
            mortal.tab.die()
        case "dies unreported":
            await mortal.end_unreported()
        case "stays":
            asyncio.get_running_loop().call_later(later, mortal.goes_on.set)
        case "other device":
            mortal.tab.stays_away = True
            mortal.tab.die()
        case _:
            pass  # it only waits for the server's own tool


def come_home(tab: DurableTab, other: DurableTab) -> list[str]:
    """The conversation is the tab's again; what was wrong on the other device."""
    tab.seen, tab.acknowledged, tab.ended = other.seen, other.acknowledged, other.ended
    tab.stays_away = False
    return [*other.wrongs, *(f"{call} ran on another device, too" for call in other.journal.runs)]


def other_device(house: Household, tab: DurableTab) -> DurableTab:
    """A tab of another device that knows the same conversation."""
    other = house.tab(f"{tab.name}'s other")
    other.seen, other.approved, other.said = tab.seen, tab.approved, tab.said
    other.acknowledged, other.ended = tab.acknowledged, tab.ended
    other.takes_over = True
    return other


def told(house: Household, tab: DurableTab, fate: Fate, tally: Tally) -> list[str]:
    """Whether the person is told of a call whose end nobody saw, and only of such a one."""
    (call,) = [c for c in read(house.database, tab.seen.session_id).calls if c["message_id"] == fate.message_id]
    is_in_doubt = any(words in str(call["result"]) for words in IN_DOUBT)
    tally.in_doubt += is_in_doubt
    if is_in_doubt != fate.ends_in_doubt:
        return [f"{tab.name}, {fate}: it is {call['state']} with {call['result']}"]
    return []


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    """``count`` calls under way."""
    dice, tally = random.Random(seed), Tally()
    begun = time.monotonic()
    rounds = -(-count // len(NAMES))
    async with household(nursery, home, *NAMES) as house:
        house.plant = plant
        mortals = [Mortal(tab) for tab in house.tabs]
        assert await house.start()
        for number in range(rounds):
            await trial(house, mortals, number, dice, tally)
            if tally.wrongs:
                break
    print(
        f"seed {seed}: {sum(tally.mid_tool.values())} calls under way at a death, {tally.server_kills} servers killed, "
        f"{tally.in_doubt} told as in doubt, {time.monotonic() - begun:.0f} s; {dict(tally.mid_tool)}"
    )
    return tally


async def test_a_call_whose_end_nobody_saw_is_in_doubt_and_runs_no_second_time(
    nursery: Nursery, tmp_path: Path
) -> None:
    tally = await check(nursery, tmp_path, count=40, seed=3)
    assert tally.wrongs == []
    assert tally.in_doubt


@pytest.mark.stress
@pytest.mark.timeout(3600)
async def test_five_hundred_deaths_amid_a_tool_run_nothing_again(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=500, seed=random.randrange(10**6))
    assert tally.wrongs == []
