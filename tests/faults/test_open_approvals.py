"""An open approval outlives its server, comes back once, where it belongs; one that ended never runs."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.durable_tab import DurableTab
from tests.faults.household import WAIT, Household, household, notify
from tests.faults.nursery import Nursery
from tests.faults.oracles import asked_again

NAMES = tuple(f"tab {n}" for n in range(20))
COMES_BACK = 2.0
"""Within how many seconds of reconnecting; where other tests are busy as well, thrice that is good enough."""
SHORT = 0.8
"""Seconds that a person has, where nobody is to be in time."""
ENDS = ("denied", "cancelled", "expired")


@dataclass
class Tally:
    """What a series of trials saw."""

    came_back: int = 0
    latest: float = 0.0
    never_ran: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)


async def ask_all(house: Household, number: int) -> None:
    for tab in house.tabs:
        tab.say(str(number), f"/tool {notify(f'{WAIT} {tab.name} {number}')}")
    await house.until("all are asked", lambda: all(len(tab.open_questions) == 1 for tab in house.tabs))


async def all_over(house: Household) -> None:
    await house.until("all is over", lambda: all(set(tab.said) == set(tab.ended) for tab in house.tabs))


def states(house: Household, number: int) -> Counter[str]:
    """How the calls of that round ended."""
    return Counter({state: sum(map(len, house.in_state(state).values())) for state in (*ENDS, "done")})


async def answer_too_late(tabs: list[DurableTab], house: Household) -> None:
    """Say yes to what was asked before, on whatever connection there is."""
    for tab in tabs:
        assert tab.visit is not None
        await tab.visit.answer(tab.questions[-1].frame, "allow_once")
    # Something that is answered after it, on the same connection.
    for tab in tabs:
        tab.say(f"after {len(tab.said)}", "hello")
    await all_over(house)


async def killed_while_open(house: Household, number: int, dice: random.Random, tally: Tally, within: float) -> None:
    """A round: most stay open over the kill, some are denied or cancelled just before."""
    await ask_all(house, number)
    ended = dice.sample(house.tabs, len(house.tabs) // 4)
    for tab in ended:
        assert tab.visit is not None
        if dice.random() < 0.5:
            tab.answer(tab.open_questions[0], "reject_once")
        else:
            await tab.visit.send(
                f'{{"jsonrpc":"2.0","method":"session/cancel","params":{{"sessionId":"{tab.seen.session_id}"}}}}'
            )
    if dice.random() < 0.5:
        await house.until("they ended", lambda: all(str(number) in tab.ended for tab in ended))
    await house.end()
    pending = house.still_asked()
    assert await house.start()
    await house.until(
        "they are asked again", lambda: all(len(t.open_questions) == 1 for t in house.tabs if pending[t.name])
    )
    tally.wrongs += asked_again(house.tabs, pending, within=within)
    for tab in house.tabs:
        again = [question for question in tab.open_questions if question.call_id in pending[tab.name]]
        tally.came_back += len(again)
        tally.latest = max([tally.latest, *(question.seconds for question in again)])
        for question in again:
            tab.answer(question, "allow_once")
    await answer_too_late([tab for tab in ended if not pending[tab.name]], house)
    await all_over(house)
    tally.wrongs += [f"round {number}: {wrong}" for wrong in house.wrongs()]


async def expired_meanwhile(house: Household, number: int, dice: random.Random, tally: Tally, _: float) -> None:
    """A round: nobody answers in time, whether the server is there then or not."""
    await house.end()
    assert await house.start(RINGBACK_APPROVAL_TIMEOUT=str(SHORT))
    before = states(house, number)["expired"]
    await ask_all(house, number)
    await house.end()
    if dice.random() < 0.5:
        await asyncio.sleep(SHORT)
    assert await house.start(RINGBACK_APPROVAL_TIMEOUT=str(SHORT))
    await all_over(house)
    expired = states(house, number)["expired"] - before
    if expired != len(house.tabs):
        tally.wrongs.append(f"{expired} of {len(house.tabs)} expired")
    await house.end()
    # With their usual patience again, for what is said now.
    assert await house.start()
    await house.until("they are back", lambda: all(tab.visit is not None for tab in house.tabs))
    await answer_too_late(house.tabs, house)
    tally.wrongs += [f"round {number}: {wrong}" for wrong in house.wrongs()]


async def check(
    nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None, within: float = COMES_BACK
) -> Tally:
    """Rounds until ``count`` approvals have come back."""
    dice, tally, number = random.Random(seed), Tally(), 0
    begun = time.monotonic()
    async with household(nursery, home, *NAMES) as house:
        house.plant = plant
        assert await house.start()
        while tally.came_back < count and not tally.wrongs and number < count:
            expires = number % 5 == 1
            await (expired_meanwhile if expires else killed_while_open)(house, number, dice, tally, within)
            number += 1
        tally.never_ran = states(house, number)
    print(
        f"seed {seed}: {tally.came_back} open approvals came back, the last after {tally.latest:.2f} s; "
        f"{dict(tally.never_ran)}, {time.monotonic() - begun:.0f} s"
    )
    return tally


async def test_an_open_approval_comes_back_once_and_what_ended_never_runs(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=40, seed=11, within=3 * COMES_BACK)
    assert tally.wrongs == []
    assert all(tally.never_ran[state] for state in ENDS)


@pytest.mark.stress
@pytest.mark.timeout(1800)
async def test_five_hundred_open_approvals_come_back_once(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=500, seed=random.randrange(10**6))
    assert tally.wrongs == []
