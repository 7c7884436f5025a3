"""However many answers one approval gets, from however many connections, its tool runs once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults.durable_tab import DurableTab, living
from tests.faults.household import WAIT, Household, household, notify
from tests.faults.nursery import Nursery
from tests.faults.oracles import read

NAMES = tuple(f"tab {n}" for n in range(8))
BETWEEN = ("nothing", "takeover", "resume")
"""What comes between the answers."""


@dataclass
class Tally:
    """What a series of trials saw."""

    between: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    ran: int = 0
    in_doubt: int = 0
    wrongs: list[str] = field(default_factory=list)


async def send_answers(tab: DurableTab, count: int, tally: Tally) -> None:
    """Say yes so many times to what the tab was asked last, on the connection that it was asked on."""
    visit, question = tab.visit, tab.questions[-1]
    if visit is None or question.visit != visit.number:
        return
    tab.approved.add(question.call_id)
    question.answer = "allow_once"
    try:
        await asyncio.gather(*(visit.answer(question.frame, "allow_once") for _ in range(count)))
    except ConnectionClosed:
        return
    tally.answers += count


async def trial(house: Household, tab: DurableTab, name: str, dice: random.Random, tally: Tally) -> None:
    """One approval, two to eight answers."""
    between, first, then = dice.choice(BETWEEN), dice.randrange(1, 5), dice.randrange(1, 5)
    asked = len(tab.questions)
    tab.say(name, f"/tool {notify(f'{WAIT} {tab.name} {name}')}")
    await tab.until(lambda: len(tab.questions) > asked)
    rival = house.tab(f"{tab.name}'s rival")
    rival.approved, rival.takes_over = tab.approved, True
    rival.seen.session_id, rival.loads = tab.seen.session_id, True
    if between == "takeover":
        async with living(rival):
            early = asyncio.create_task(send_answers(tab, first, tally)) if dice.random() < 0.5 else None
            await rival.until(lambda: rival.questions or name in rival.ended or name in tab.ended)
            both = [early or asyncio.create_task(send_answers(tab, first, tally))]
            if rival.questions:
                both.append(asyncio.create_task(send_answers(rival, then, tally)))
            await asyncio.gather(*both)
            await rival.until(lambda: name in rival.ended)
        tab.die()
    elif between == "resume":
        await send_answers(tab, first, tally)
        visits = tab.visits
        tab.break_off()
        await tab.until(lambda: name in tab.ended or (tab.visits > visits and tab.questions[-1].visit == tab.visits))
        await send_answers(tab, then, tally)
    else:
        await send_answers(tab, first + then, tally)
    await tab.until(lambda: name in tab.ended)
    tally.between[between] += 1
    runs = tab.journal.runs + rival.journal.runs
    (call,) = [c for c in read(house.database, tab.seen.session_id).calls if c["message_id"] == name]
    times = sum(count for (call_id, _), count in runs.items() if call_id == call["call_id"])
    tally.ran += times
    tally.in_doubt += call["state"] == "in_doubt"
    if times > 1 or (call["state"] == "done") != (times == 1 and call["state"] != "in_doubt"):
        tally.wrongs.append(f"{name}, {between}: ran {times} times and is {call['state']}")


async def go_on(house: Household, tab: DurableTab, count: int, dice: random.Random, tally: Tally) -> None:
    for number in range(count):
        await trial(house, tab, f"{number}", dice, tally)
        if tally.wrongs:
            return


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    dice, tally = random.Random(seed), Tally()
    begun = time.monotonic()
    async with household(nursery, home, *NAMES) as house:
        house.plant = plant
        assert await house.start()
        each = -(-count // len(NAMES))
        await asyncio.gather(*(go_on(house, tab, each, dice, tally) for tab in house.tabs))
        tally.wrongs += [wrong for tab in house.tabs for wrong in tab.wrongs if "nobody allowed" not in wrong]
    print(
        f"seed {seed}: {sum(tally.between.values())} approvals with {tally.answers} answers, {tally.ran} runs, "
        f"{tally.in_doubt} in doubt, {time.monotonic() - begun:.0f} s; {dict(tally.between)}"
    )
    return tally


async def test_many_answers_to_one_approval_run_its_tool_once(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=48, seed=2)
    assert tally.wrongs == []
    assert tally.ran


@pytest.mark.stress
@pytest.mark.timeout(1800)
async def test_many_answers_to_a_thousand_approvals_run_each_tool_once(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=1000, seed=random.randrange(10**6))
    assert tally.wrongs == []
