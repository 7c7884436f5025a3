"""A conversation that is taken over amid the answers: each tool runs where that was allowed; nothing is given up."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections import Counter, defaultdict
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.acp_names import META_LAST_SEQ, META_TAKE_OVER
from tests.faults.household import Household, household, notify
from tests.faults.nursery import Nursery
from tests.faults.oracles import IN_DOUBT, read
from tests.journeys.raw_tab import Message, RawTab, raw_tab

LATEST = 0.006
"""How long after the answers the other device takes it, in seconds."""
LOCKED = 0.15
"""How long the database cannot be written in between, in seconds."""
HOWS = ("at once", "locked", "dies amid the tool")


@dataclass
class Tally:
    """What a series of trials saw."""

    hows: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    asked_anew: int = 0
    wrongs: list[str] = field(default_factory=list)


class Person:
    """Says yes on each device, and notes on which: ``said`` and ``ran`` are devices by call."""

    def __init__(self) -> None:
        self.said: defaultdict[str, set[str]] = defaultdict(set)
        self.ran: defaultdict[str, list[str]] = defaultdict(list)

    def sits_at(self, tab: RawTab) -> None:
        """What that device is told to run is noted from now on."""
        hear = tab._hear

        async def hear_and_note(frame: Message) -> None:
            if frame.get("method", "").endswith("tool/call"):
                self.ran[frame["params"]["toolCallId"]].append(tab.device)
            await hear(frame)

        tab._hear = hear_and_note  # type: ignore[method-assign]

    async def says_yes(self, tab: RawTab, asked: Message) -> None:
        self.said[_call(asked)].add(tab.device)
        await tab.answer(asked, "allow_once")

    async def goes_on(self, tab: RawTab, how_many: int) -> int:
        """Say yes to whatever is asked there until so many turns are over; how many were asked."""
        done = 0
        while len(tab.ends) < how_many:
            await tab.until(partial(_has_news, tab, done, how_many))
            for asked in tab.asked[done:]:
                await self.says_yes(tab, asked)
                done += 1
        return done


def _has_news(tab: RawTab, answered: int, ends: int) -> bool:
    return len(tab.asked) > answered or len(tab.ends) >= ends


def _call(asked: Message) -> str:
    return str(asked["params"]["toolCall"]["toolCallId"])


async def take(tab: RawTab, session_id: str) -> None:
    tab.session_id = session_id
    meta = {META_TAKE_OVER: True, META_LAST_SEQ: 0}
    answer = await tab.request("session/resume", {"sessionId": session_id, "cwd": "/", "mcpServers": [], "_meta": meta})
    assert "result" in answer, answer


async def lock(database: Path, seconds: float) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(seconds)
        connection.execute("ROLLBACK")


async def trial(house: Household, number: int, dice: random.Random, tally: Tally) -> None:
    """One turn with one to four calls at once, all of them answered, and taken over then."""
    how, count, person = HOWS[number % len(HOWS)], dice.randrange(1, 5), Person()
    url, token = house.where.url, house.where.token
    async with raw_tab(url, token) as pc, raw_tab(url, token, device="phone", is_opened=False) as phone:
        await phone.introduce()
        person.sits_at(pc)
        person.sits_at(phone)
        phone.is_silent = how == "dies amid the tool"
        said = asyncio.create_task(pc.prompt("/tools " + " | ".join(notify(f"{number} {n}") for n in range(count))))
        await pc.until(lambda: len(pc.asked) == count)
        locked = asyncio.create_task(lock(house.database, LOCKED)) if how == "locked" else None
        await asyncio.sleep(0)
        for asked in pc.asked[:count]:
            await person.says_yes(pc, asked)
        await asyncio.sleep(dice.uniform(0, LATEST))
        await take(phone, pc.session_id)
        if locked is not None:
            await locked
        if how == "dies amid the tool":
            with suppress(TimeoutError):
                await phone.until(lambda: phone.asked or phone.ends, 1.0)
            for asked in list(phone.asked):
                await person.says_yes(phone, asked)
            tally.asked_anew += len(phone.asked)
            with suppress(TimeoutError):
                await phone.until(lambda: phone.ends or len(phone.called) >= len(phone.asked), 1.0)
            await phone.websocket.close()
            before = len(pc.asked)
            await take(pc, pc.session_id)
            pc.asked[:before] = []
            await person.goes_on(pc, 1)
        else:
            tally.asked_anew += await person.goes_on(phone, 1)
        said.cancel()
        twice = [tab.device for tab in (pc, phone) if len({_call(asked) for asked in tab.asked}) < len(tab.asked)]
        tally.wrongs += [f"{number}, {how}: the {device} was asked twice" for device in twice]
        calls = read(house.database, pc.session_id).calls
    tally.hows[how] += 1
    tally.wrongs += [f"{number}, {how}: {wrong}" for wrong in wrongs(calls, person)]
    tally.states.update(call["state"] for call in calls)


def wrongs(calls: list[dict[str, Any]], person: Person) -> list[str]:
    """Each ran on one device at most, where that was allowed; and only what was begun may have run."""
    found = []
    for call in calls:
        name, state = call["call_id"], call["state"]
        is_in_doubt = any(words in str(call["result"]) for words in IN_DOUBT)
        ran, said = person.ran[name], person.said[name]
        if len(set(ran)) > 1:
            found.append(f"{name} was to run on {ran}")
        if not set(ran) <= said:
            found.append(f"{name} was to run on {ran} and was allowed on {said}")
        if is_in_doubt and not ran:
            found.append(f"{name} is said to have perhaps run and was sent nowhere")
        if state != "done" and not is_in_doubt:
            found.append(f"{name} was allowed on {said}, was to run on {ran} and is {state}: {call['result']}")
    return found


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    dice, tally, begun = random.Random(seed), Tally(), time.monotonic()
    async with household(nursery, home) as house:
        house.plant = plant
        assert await house.start()
        for number in range(count):
            await trial(house, number, dice, tally)
            if tally.wrongs:
                break
    print(
        f"seed {seed}: {sum(tally.hows.values())} takeovers amid {sum(tally.states.values())} answers, "
        f"{tally.asked_anew} asked anew, {time.monotonic() - begun:.0f} s; {dict(tally.states)}, {dict(tally.hows)}"
    )
    return tally


async def test_what_was_allowed_runs_where_that_was_said_or_is_asked_about_anew(
    nursery: Nursery, tmp_path: Path
) -> None:
    tally = await check(nursery, tmp_path, count=12, seed=4)
    assert tally.wrongs == []
    assert tally.asked_anew


@pytest.mark.stress
@pytest.mark.timeout(1800)
async def test_three_hundred_takeovers_amid_the_answers(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=300, seed=random.randrange(10**6))
    assert tally.wrongs == []
    assert tally.asked_anew
