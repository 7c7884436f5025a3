"""The prompt is only where it belongs: shown on, and answerable from, the connection that triggered it.

Every tab asks for tracks that no other tab asks for, so a prompt that strays is seen by its arguments. While a prompt
is open, every other tab answers it too: with the same request id, saying yes. Each tab answers its own prompts at
random; a tool may run only where its own tab allowed it.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.raw_tab import Message, RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server, running_server

IN_FLIGHT = 3
"""At most so many requests to one tab may be on their way: it talks to the server one step at a time."""


@dataclass
class Verdict:
    """What the trial saw: how many prompts, forged answers, and everything that was not as promised."""

    prompts: int = 0
    forged: int = 0
    wrong: list[str] = field(default_factory=list)


def track_of(asked: Message) -> int:
    return int(asked["params"]["toolCall"]["rawInput"]["track"])


def number_of(asked: Message) -> int:
    """How many questions the server had asked on that connection."""
    return int(asked["id"].removeprefix("ask-"))


def more_than(found: list[Message], count: int) -> bool:
    return len(found) > count


async def forge(tabs: list[RawTab], me: RawTab, asked: Message, verdict: Verdict) -> None:
    """Every other tab says yes to ``asked``, and cancels the turn of ``me``: all of it must come to nothing.

    Each connection counts its requests by itself, so an answer by number is only sent where that number is not one
    that the other tab may truly be asked under now.
    """
    for other in tabs:
        if other is me:
            continue
        cancel = {"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": me.session_id}}
        await other.send(cancel)
        verdict.forged += 1
        latest = number_of(other.asked[-1]) if other.asked else 0
        if not 0 <= number_of(asked) - latest <= IN_FLIGHT:
            await other.answer(asked, "allow_once")
            verdict.forged += 1


async def talk(number: int, tabs: list[RawTab], rounds: int, dice: random.Random, verdict: Verdict) -> None:
    me = tabs[number]
    for n in range(rounds):
        track = number * 1_000_000 + n
        before, called = len(me.asked), len(me.called)
        turn = asyncio.create_task(me.prompt(f'/tool change_bgm {{"track": {track}}}'))
        try:
            await me.until(partial(more_than, me.asked, before), seconds=10)
        except TimeoutError:
            verdict.wrong.append(f"tab {number} never saw the prompt for track {track}")
            turn.cancel()
            return
        asked = me.asked[-1]
        verdict.prompts += 1
        if track_of(asked) != track or asked["params"]["sessionId"] != me.session_id:
            verdict.wrong.append(f"tab {number} was shown the prompt for track {track_of(asked)}")
            turn.cancel()
            return
        await forge(tabs, me, asked, verdict)
        allowed = dice.random() < 0.5
        await me.answer(asked, "allow_once" if allowed else "reject_once")
        await turn
        ran = [int(call["arguments"]["track"]) for call in me.called[called:]]
        if ran != ([track] if allowed else []):
            verdict.wrong.append(f"tab {number}: track {track} was allowed={allowed}, but {ran} ran")


async def trial(server: RunningServer, tabs: int, prompts: int) -> Verdict:
    verdict = Verdict()
    dice = random.Random(f"{tabs}-{prompts}")
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(raw_tab(server.url, server.token)) for _ in range(tabs)]
        rounds = -(-prompts // tabs)
        await asyncio.gather(*(talk(n, opened, rounds, dice, verdict) for n in range(tabs)))
        for number, tab in enumerate(opened):
            strays = [track_of(asked) for asked in tab.asked if track_of(asked) // 1_000_000 != number]
            verdict.wrong += [f"tab {number} was shown the prompt for track {track}" for track in strays]
            runs = [call for call in tab.called if int(call["arguments"]["track"]) // 1_000_000 != number]
            verdict.wrong += [f"tab {number} ran {call}" for call in runs]
    return verdict


async def check(home: Path, counts: dict[int, int]) -> None:
    total = Verdict()
    async with running_server(home) as server:
        for tabs, prompts in counts.items():
            verdict = await trial(server, tabs, prompts)
            assert verdict.wrong == []
            total.prompts += verdict.prompts
            total.forged += verdict.forged
    print(f"{total.prompts} prompts, {total.forged} forged answers: 0 shown on or answered from a wrong connection")
    assert total.prompts >= sum(counts.values())


async def test_every_prompt_is_shown_on_and_answerable_from_its_own_connection_only(tmp_path: Path) -> None:
    await check(tmp_path, {2: 20, 5: 50, 20: 100})


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_of_a_thousand_prompts_none_is_on_a_wrong_connection(tmp_path: Path) -> None:
    await check(tmp_path, {2: 100, 3: 150, 5: 200, 10: 250, 20: 300})


async def test_the_trial_fails_when_a_delegate_is_shared_between_connections(tmp_path: Path) -> None:
    async with fresh_server(tmp_path, module="tests.plants.shared_delegate") as server:
        verdict = await trial(server, 3, 6)
    assert any("was shown the prompt" in wrong for wrong in verdict.wrong)
