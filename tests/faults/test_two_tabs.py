"""Two tabs on one conversation: what its holder says runs once and in order, what the others say is refused."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.faults.household import PLANTED, Household, household
from tests.faults.nursery import Nursery
from tests.faults.oracles import read
from tests.faults.shared_talk import AT_ONCE, SharedTalk, Tally
from tests.journeys.raw_tab import raw_tab

TALKS = 4
DEVICES = ("PC", "phone", "tablet")
PATIENCE = 60.0
BEGUN = 2
"""Rounds until it is begun."""


async def talk_on(house: Household, dice: random.Random, count: int, tally: Tally, patience: float) -> None:
    """One conversation, until its holders have said so much and no draft is left."""
    async with AsyncExitStack() as stack:
        tabs = [
            await stack.enter_async_context(
                raw_tab(house.where.url, house.where.token, device=device, is_opened=device == DEVICES[0])
            )
            for device in DEVICES
        ]
        for tab in tabs[1:]:
            await tab.introduce()
        talk = SharedTalk(tabs, dice, tally, patience)
        # Also before it was ever used.
        await talk.round(0)
        assert "result" in await talk.holder.prompt("hello", "m0")
        talk.said.append(["m0"])
        while (left := count - sum(map(len, talk.said))) > 0 or talk.drafts:
            # At first as many as there may be, so that some find it busy.
            at_once = AT_ONCE if len(talk.said) == BEGUN else dice.randrange(1, AT_ONCE)
            await talk.round(min(max(left, 0), at_once))
            if tally.wrongs:
                break
        tally.wrongs += talk.wrongs(read(house.database, talk.session_id))


async def check(
    nursery: Nursery, home: Path, *, count: int, seed: int, talks: int = TALKS, plant: str | None = None
) -> Tally:
    dice, tally = random.Random(seed), Tally()
    begun = time.monotonic()
    async with household(nursery, home) as house:
        house.plant = plant
        assert await house.start()
        patience, each = PLANTED if plant else PATIENCE, -(-count // talks)
        await asyncio.gather(
            *(talk_on(house, random.Random(dice.random()), each, tally, patience) for _ in range(talks))
        )
    print(f"seed {seed}: {dict(tally.outcomes)}, {len(tally.wrongs)} wrong, {time.monotonic() - begun:.0f} s")
    return tally


async def test_only_the_holder_is_heard_once_and_in_order(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=50, seed=11, talks=1)
    assert tally.wrongs == []
    assert all(tally.outcomes[seen] for seen in ("ran", "busy", "refused", "takeovers"))


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_a_thousand_messages_at_once_run_once_and_in_order(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=1000, seed=random.randrange(10**6))
    assert tally.wrongs == []
