"""What was approved is what runs, however the arguments are changed once the person was asked."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.approved_runs import wrongs_of
from tests.faults.changing_person import Person
from tests.faults.household import household
from tests.faults.nursery import Nursery
from tests.faults.oracles import read
from tests.faults.ways_to_change import ASLEEP, IN_A_TAB, TWO, WAYS

NAMES = tuple(f"tab {n}" for n in range(8))
KILL_EVERY = 5
"""In each round of so many the server dies while all are asked."""


@dataclass
class Tally:
    """What a series of trials saw. ``changes`` counts arguments that came after the question."""

    ways: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    kills: int = 0
    ran: int = 0
    wrongs: list[str] = field(default_factory=list)


async def answer(person: Person, way: str) -> None:
    """Answer in that way, until the turn is over."""
    await WAYS[way](person, person.questions[0], person.calls[0])
    await person.until(f"the turn is over, {way}", lambda: person.name in person.tab.ended)


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    """Rounds until ``count`` times arguments came after the question."""
    dice, tally, number = random.Random(seed), Tally(), 0
    begun = time.monotonic()
    async with household(nursery, home, *NAMES) as house:
        house.plant = plant
        house.environ["RINGBACK_DOZE_AFTER"] = str(ASLEEP)
        people = [Person(house, tab, random.Random(dice.random())) for tab in house.tabs]
        deck: list[str] = []
        assert await house.start()
        while sum(person.changes for person in people) < count:
            number += 1
            while len(deck) < len(people):
                deck += dice.sample([*WAYS], len(WAYS))
            ways, deck = deck[: len(people)], deck[len(people) :]
            asked = (
                p.be_asked(number, 1 + (w in TWO), in_a_tab=w in IN_A_TAB) for p, w in zip(people, ways, strict=True)
            )
            await asyncio.gather(*asked)
            if number % KILL_EVERY == 3:
                tally.kills += 1
                await house.end()
                assert await house.start()
                await asyncio.gather(*(person.until_asked() for person in people))
            await asyncio.gather(*(answer(p, w) for p, w in zip(people, ways, strict=True)))
            tally.ways.update(ways)
        for person in people:
            kept = read(house.database, person.tab.seen.session_id)
            tally.wrongs += wrongs_of(person.tab, person.asked, kept, person.ran, house.paid)
            tally.wrongs += [wrong for wrong in person.tab.wrongs if "nobody allowed" not in wrong]
            tally.ran += len(person.ran)
            tally.changes += person.changes
        tally.ran += len(house.paid)
    print(
        f"seed {seed}: {tally.changes} changes in {sum(tally.ways.values())} turns, {tally.ran} runs, {tally.kills} "
        f"servers killed, {len(tally.wrongs)} wrong, {time.monotonic() - begun:.0f} s; {dict(tally.ways)}"
    )
    return tally


async def test_what_was_approved_is_what_runs(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=60, seed=7)
    assert tally.wrongs == []
    assert tally.ran


@pytest.mark.stress
@pytest.mark.timeout(1800)
async def test_none_of_a_thousand_changes_after_the_question_runs(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=1000, seed=random.randrange(10**6))
    assert tally.wrongs == []
