"""No tool call waits past its deadline: whatever became of its tab, its turn ends, and the model is told why."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.recovery import LOOK_EVERY
from shared.acp_names import META_TAKE_OVER
from tests.faults.nursery import Life, Nursery
from tests.faults.oracles import read
from tests.faults.proxy import Direction, Line, behind, proxy_to
from tests.journeys.raw_tab import RawTab, raw_tab

DEADLINE = 1.0
"""For a person to answer, and for a tab to run a tool, in seconds."""
MARGIN = 2.0
"""What may come on top, in seconds. On a machine that is busy with other tests, twice that is good enough."""
GIVE_UP = 4.0
"""So many seconds after that, a call is said to wait for ever."""
ASLEEP = 0.2
"""After so many seconds a turn that waits for a person may sleep."""
AT_ONCE = 14
SETTINGS = {"RINGBACK_APPROVAL_TIMEOUT": str(DEADLINE), "RINGBACK_CALL_TIMEOUT": str(DEADLINE)}
MAY_HAVE_RUN, NOBODY_ANSWERED = "may have run", "Nobody answered the approval in time."


@dataclass
class Tally:
    """What a series of trials saw; ``latest`` is the longest wait, in seconds."""

    ways: Counter[str] = field(default_factory=Counter)
    latest: float = 0.0
    past: int = 0
    wrongs: list[str] = field(default_factory=list)


@dataclass
class Trial:
    """A tab behind a proxy, with a call that it is asked about, or that runs in it and comes to no end."""

    server: Life
    tab: RawTab
    line: Line
    others: list[RawTab] = field(default_factory=list)

    async def another(self, device: str) -> None:
        """A tab of ``device`` takes the conversation, and is as silent as the first one."""
        async with raw_tab(self.server.url, self.server.token, device=device, is_opened=False) as tab:
            tab.is_silent = True
            await tab.introduce()
            params = {"sessionId": self.tab.session_id, "cwd": "/", "mcpServers": [], "_meta": {META_TAKE_OVER: True}}
            await tab.request("session/load", params)
            self.others.append(tab)
            await over(self.server.database, self.tab.session_id, GIVE_UP)


Way = Callable[[Trial], Awaitable[None]]


async def nothing(_: Trial) -> None:
    """The tab is there, and says nothing."""


async def closes(trial: Trial) -> None:
    await trial.tab.websocket.close()


async def vanishes(trial: Trial) -> None:
    trial.line.reset()


async def is_half_open(trial: Trial) -> None:
    trial.line.stall()


async def says_it_in_vain(trial: Trial) -> None:
    """What the tab answers is stuck on its way."""
    trial.line.stall(Direction.TO_SERVER)
    if trial.tab.called:
        await trial.tab.send({"jsonrpc": "2.0", "id": 0, "result": {"result": {"success": True}}})
    else:
        await trial.tab.answer(trial.tab.asked[0], "allow_once")


async def comes_back(trial: Trial) -> None:
    """Half-open, and there again half of the time later: the limit is one for both connections."""
    trial.line.stall()
    await asyncio.sleep(DEADLINE / 2)
    await trial.another(trial.tab.device)


async def another_device_comes(trial: Trial) -> None:
    trial.line.stall()
    await trial.another("phone")


WAYS: tuple[Way, ...] = (nothing, closes, vanishes, is_half_open, says_it_in_vain, comes_back, another_device_comes)
MOMENTS = ("asked", "running")


async def over(database: Path, session_id: str, seconds: float) -> bool:
    """Wait until its turn is over; ``False`` if it is not within so many seconds."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with closing(sqlite3.connect(database, timeout=5)) as connection:
            states = connection.execute("SELECT state FROM turn WHERE session_id = ?", (session_id,)).fetchall()
        if states == [("ended",)]:
            return True
        await asyncio.sleep(0.05)
    return False


async def wait_in_vain(server: Life, number: int, tally: Tally, margin: float) -> None:
    """One call that nobody brings to its end."""
    way, moment = WAYS[number % len(WAYS)], MOMENTS[number // len(WAYS) % 2]
    async with proxy_to(behind(server.url)) as proxy, raw_tab(proxy.url, server.token, device=f"PC {number}") as tab:
        tab.is_silent = True
        turn = asyncio.create_task(tab.prompt(f'/tool change_bgm {{"track": {number}}}'))
        await tab.until(lambda: tab.asked)
        if moment == "running":
            await tab.answer(tab.asked[0], "allow_once")
            await tab.until(lambda: tab.called)
        trial, begun = Trial(server, tab, proxy.lines[0]), time.monotonic()
        await way(trial)
        is_over = await over(server.database, tab.session_id, DEADLINE + margin + GIVE_UP)
        seconds = time.monotonic() - begun
        name = f"{number}, {moment}, {way.__name__}"
        tally.ways[f"{moment}: {way.__name__}"] += 1
        if is_over:
            tally.latest = max(tally.latest, seconds)
            tally.wrongs += [f"{name}: {wrong}" for wrong in told(server.database, trial, moment)]
        if not is_over or seconds > DEADLINE + margin:
            tally.past += 1
            tally.wrongs.append(f"{name}: it waited for {seconds:.1f} s, {'and then' if is_over else 'not'} to its end")
        elif way is nothing:
            tally.wrongs += [f"{name}: {wrong}" for wrong in await too_late(tab, turn, moment)]
        proxy.lines[0].close()
        turn.cancel()
        await asyncio.wait({turn})


async def too_late(tab: RawTab, turn: asyncio.Task[dict[str, object]], moment: str) -> list[str]:
    """Answer once it is over: nothing runs, and the next message is answered."""
    ran = len(tab.called)
    await turn
    await tab.answer(tab.asked[0], "allow_once")
    answer = await tab.prompt("hello")
    if "result" not in answer or len(tab.called) != ran or len(tab.asked) != 1:
        return [f"answered too late, while {moment}: {answer}, {len(tab.called)} runs"]
    return []


def told(database: Path, trial: Trial, moment: str) -> list[str]:
    """Whether the call has one end, which is the right one, and the model is told."""
    kept = read(database, trial.tab.session_id)
    (call,) = kept.calls
    responses = [
        part["function_response"]["response"]
        for event in kept.events
        for part in (event.get("content") or {}).get("parts") or []
        if part.get("function_response")
    ]
    runs = len(trial.tab.called)
    states, words, most = ({"expired"}, NOBODY_ANSWERED, 0) if moment == "asked" else (IN_DOUBT, MAY_HAVE_RUN, 1)
    if call["state"] not in states or runs != most or any(tab.called for tab in trial.others if moment == "asked"):
        return [f"it is {call['state']} and ran {runs} times"]
    if len(responses) != 1 or words not in str(responses[0]):
        return [f"the model was told {responses}"]
    return []


IN_DOUBT = {"failed", "in_doubt"}


async def check(
    nursery: Nursery,
    home: Path,
    *,
    count: int,
    seed: int,
    margin: float = MARGIN,
    plant: str | None = None,
    **environ: str,
) -> Tally:
    """``count`` calls that nobody brings to their end."""
    numbers, tally = list(range(count)), Tally()
    random.Random(seed).shuffle(numbers)
    begun = time.monotonic()
    async with nursery.life(
        home, faults={"plant": plant} if plant else None, environ={**SETTINGS, **environ}
    ) as server:
        for first in range(0, count, AT_ONCE):
            some = numbers[first : first + AT_ONCE]
            await asyncio.gather(*(wait_in_vain(server, number, tally, margin) for number in some))
    print(
        f"seed {seed}: {sum(tally.ways.values())} calls, {tally.past} past their deadline, the last "
        f"{tally.latest - DEADLINE:.2f} s after it, {time.monotonic() - begun:.0f} s; {dict(tally.ways)}"
    )
    return tally


async def test_a_call_that_nobody_ends_ends_at_its_deadline(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=28, seed=12, margin=2 * MARGIN)
    assert tally.wrongs == []


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_none_of_two_hundred_calls_waits_past_its_deadline(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=200, seed=random.randrange(10**6))
    assert tally.wrongs == []


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_nor_does_one_whose_turn_sleeps_and_whose_tab_is_gone(nursery: Nursery, tmp_path: Path) -> None:
    asleep = {"RINGBACK_DOZE_AFTER": str(ASLEEP)}
    # It holds no timer: it is looked now and then whether such questions are past their time.
    seed, margin = random.randrange(10**6), LOOK_EVERY + MARGIN
    tally = await check(nursery, tmp_path, count=100, seed=seed, margin=margin, **asleep)
    assert tally.wrongs == []
