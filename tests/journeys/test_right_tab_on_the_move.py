"""The prompt is only where it belongs, also when its conversation moves while it is open.

Conversations of one person wander between connections of three devices: one is cut and comes back, another tab takes
the conversation over, or it is handed on by a code. The prompt must then be asked again there, and nowhere else; what
any other tab answers, the one before included, must come to nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.journeys.raw_tab import Message, RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server, running_server
from tests.journeys.test_right_tab import IN_FLIGHT, Verdict, more_than, number_of, track_of

DEVICES = ("PC", "iPhone", "Android")
FORGERS = 3
"""So many other tabs answer each prompt, too."""
ROUNDS = 40
"""After so many turns it begins anew: each move tells all of a conversation again."""
PATIENCE = 20.0


class Wanderer:
    """One conversation, and the tabs that it lives in one after the other."""

    def __init__(
        self,
        server: RunningServer,
        number: int,
        seed: int,
        verdict: Verdict,
        everybody: list[RawTab],
        *,
        patience: float,
    ) -> None:
        self.server = server
        self.patience = patience
        self.number = number
        self.dice = random.Random(f"{seed}-{number}")
        self.verdict = verdict
        self.everybody = everybody
        self.moves: Counter[str] = Counter()
        self.session = ""
        self._lines: list[tuple[RawTab, AsyncExitStack]] = []

    @property
    def here(self) -> RawTab:
        return self._lines[-1][0]

    async def open(self, *, is_new: bool) -> RawTab:
        stack = AsyncExitStack()
        device = self.dice.choice(DEVICES)
        tab = await stack.enter_async_context(
            raw_tab(self.server.url, self.server.token, device=device, is_opened=is_new)
        )
        tab.patience = self.patience
        if not is_new:
            await tab.introduce()
        self._lines.append((tab, stack))
        self.everybody.append(tab)
        return tab

    async def close_others(self, keep: int = 1) -> None:
        """Let go of the tabs that it lived in before."""
        gone, self._lines = self._lines[:-keep] if keep else self._lines, self._lines[-keep:] if keep else []
        for tab, stack in gone:
            self.everybody.remove(tab)
            await stack.aclose()

    # --- how it moves ---------------------------------------------------------------------------------------

    async def stay(self) -> None:
        pass

    async def come_back(self) -> None:
        """The connection is cut, and a new one loads the conversation."""
        await self.close_others(keep=0)
        await (await self.open(is_new=False)).load(self.session)

    async def be_taken(self) -> None:
        """Another tab takes it over; the one before stays, and may say what it wants."""
        tab = await self.open(is_new=False)
        tab.session_id = self.session
        meta = {"ringback/takeOver": True}
        params = {"sessionId": self.session, "cwd": "/", "mcpServers": [], "_meta": meta}
        await tab.request("session/load", params)

    async def be_handed(self) -> None:
        """It is handed on by a code."""
        before = self.here
        code = (await before.request("_ringback/session/handoff", {"sessionId": self.session}))["result"]["code"]
        tab = await self.open(is_new=False)
        tab.session_id = self.session
        await tab.request("_ringback/session/redeem", {"code": code, "cwd": "/", "mcpServers": []})

    # --- its turns ------------------------------------------------------------------------------------------

    async def live(self, rounds: int) -> None:
        for n in range(rounds):
            if n % ROUNDS == 0:
                await self.close_others(keep=0)
                self.session = (await self.open(is_new=True)).session_id
            if not await self.turn(self.number * 1_000_000 + n):
                break
            await self.close_others()

    async def turn(self, track: int) -> bool:
        """One prompt, moved while it is open; whether it went as promised."""
        begun_in = self.here
        before = len(begun_in.asked)
        await begun_in.send(prompt(self.session, track))
        first = await self.asked(begun_in, before, track)
        if first is None:
            return False
        move: Callable[[], Awaitable[None]] = self.dice.choice(
            (self.stay, self.stay, self.come_back, self.be_taken, self.be_handed)
        )
        await move()
        self.moves[move.__name__] += 1
        asked = first if self.here is begun_in else await self.asked(self.here, 0, track)
        if asked is None:
            return False
        self.verdict.prompts += 1
        await self.forge(asked)
        if self.here is not begun_in and begun_in in self.everybody:
            await begun_in.answer(first, "allow_once")
            self.verdict.forged += 1
        is_allowed = self.dice.random() < 0.5
        await self.here.answer(asked, "allow_once" if is_allowed else "reject_once")
        ends = len(self.here.ends)
        await self.here.until(lambda: self.ended(track) or len(self.here.ends) > ends, self.patience)
        ran = [int(call["arguments"]["track"]) for call in self.here.called if int(call["arguments"]["track"]) == track]
        if ran != ([track] if is_allowed else []):
            self.verdict.wrong.append(f"track {track} was allowed={is_allowed} after {move.__name__}, but {ran} ran")
            return False
        return True

    def ended(self, track: int) -> bool:
        return any(end.get("messageId") == str(track) for end in self.here.ends)

    async def asked(self, tab: RawTab, before: int, track: int) -> Message | None:
        try:
            await tab.until(partial(more_than, tab.asked, before), seconds=self.patience)
        except TimeoutError:
            self.verdict.wrong.append(f"the prompt for track {track} never came; moves: {self.moves}")
            return None
        return tab.asked[-1]

    async def forge(self, asked: Message) -> None:
        mine = {tab for tab, _ in self._lines}
        others = [tab for tab in self.everybody if tab not in mine]
        for other in self.dice.sample(others, min(FORGERS, len(others))):
            latest = number_of(other.asked[-1]) if other.asked else 0
            if 0 <= number_of(asked) - latest <= IN_FLIGHT:
                continue
            try:
                await other.answer(asked, "allow_once")
                self.verdict.forged += 1
            except ConnectionClosed:
                continue


def prompt(session: str, track: int) -> Message:
    said = [{"type": "text", "text": f'/tool change_bgm {{"track": {track}}}'}]
    params = {"sessionId": session, "prompt": said, "_meta": {"ringback/messageId": str(track)}}
    return {"jsonrpc": "2.0", "id": f"turn-{track}", "method": "session/prompt", "params": params}


async def trial(
    server: RunningServer, conversations: int, prompts: int, seed: int, patience: float = PATIENCE
) -> tuple[Verdict, Counter[str]]:
    verdict, everybody, moves = Verdict(), list[RawTab](), Counter[str]()
    wanderers = [
        Wanderer(server, number, seed, verdict, everybody, patience=patience) for number in range(conversations)
    ]
    heard: list[tuple[int, RawTab]] = []

    async def live(wanderer: Wanderer) -> None:
        opening = wanderer.open

        async def opened(*, is_new: bool) -> RawTab:
            tab = await opening(is_new=is_new)
            heard.append((wanderer.number, tab))
            return tab

        wanderer.open = opened  # type: ignore[method-assign]
        try:
            await wanderer.live(-(-prompts // conversations))
        finally:
            moves.update(wanderer.moves)
            await wanderer.close_others(keep=0)

    await asyncio.gather(*(live(wanderer) for wanderer in wanderers))
    for number, tab in heard:
        strays = [track_of(asked) for asked in tab.asked if track_of(asked) // 1_000_000 != number]
        verdict.wrong += [f"conversation {number}'s tab was shown the prompt for track {track}" for track in strays]
        runs = [call for call in tab.called if int(call["arguments"]["track"]) // 1_000_000 != number]
        verdict.wrong += [f"conversation {number}'s tab ran {call}" for call in runs]
    return verdict, moves


async def check(home: Path, counts: dict[int, int]) -> None:
    prompts, forged, moves = 0, 0, Counter[str]()
    async with running_server(home) as server:
        for conversations, count in counts.items():
            verdict, moved = await trial(server, conversations, count, seed=4)
            assert verdict.wrong == []
            prompts, forged, moves = prompts + verdict.prompts, forged + verdict.forged, moves + moved
    print(f"{prompts} prompts, {forged} forged answers, moved amid it: {dict(moves)}; 0 on a wrong connection")
    assert prompts >= sum(counts.values())


async def test_a_prompt_moves_with_its_conversation_and_is_nowhere_else(tmp_path: Path) -> None:
    await check(tmp_path, {2: 20, 10: 60})


@pytest.mark.stress
@pytest.mark.timeout(3600)
async def test_of_ten_thousand_prompts_none_is_on_a_wrong_connection(tmp_path: Path) -> None:
    await check(tmp_path, {2: 500, 5: 1_500, 10: 2_000, 20: 3_000, 50: 3_000})


async def test_the_trial_fails_when_a_delegate_is_shared_between_connections(tmp_path: Path) -> None:
    async with fresh_server(tmp_path, module="tests.plants.shared_delegate") as server:
        verdict, _ = await trial(server, 3, 6, seed=4, patience=3.0)
    assert verdict.wrong
