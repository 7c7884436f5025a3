"""One conversation and some tabs of its person: one of them holds it and says much at once, the others try to."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.acp_names import META_HOLDER, META_MESSAGE_ID, META_SEQ, META_TAKE_OVER, METHOD_MOVED, METHOD_TURN_ENDED
from shared.frames import TurnEnded, UserSaid
from tests.faults.oracles import Kept
from tests.journeys.raw_tab import Message, RawTab

HELD, BUSY, TOO_MANY = -32010, -32012, -32014
AT_ONCE = 56
"""How many messages the holder says at once, at most; fewer than that may wait."""
INTRUSIONS = 6
"""How many each other tab says meanwhile, at most."""
TAKEOVERS = 0.4
"""The share of the rounds in which another tab takes the conversation amid all that."""


@dataclass
class Tally:
    """What a series of rounds saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)


class SharedTalk:
    """``tabs[0]`` begins it. ``patience`` is how long an answer is waited for, in seconds."""

    def __init__(self, tabs: list[RawTab], dice: random.Random, tally: Tally, patience: float) -> None:
        self.tabs, self.dice, self.tally, self.patience = tabs, dice, tally, patience
        self.holder = tabs[0]
        self.session_id = self.holder.session_id
        self.drafts: list[str] = []
        self.said: list[list[str]] = []
        """What was taken, as it was said: each list in its order, and each before the next."""
        self.refused: set[str] = set()
        self._names, self._numbers = itertools.count(1), itertools.count(10_000)

    # --- one round ----------------------------------------------------------------------------------------

    async def round(self, count: int) -> None:
        """``count`` new messages and all drafts, said at once by the holder; the others say something, too."""
        holder, others = self.holder, [tab for tab in self.tabs if tab is not self.holder]
        names = self.drafts + [f"m{next(self._names)}" for _ in range(count)]
        self.drafts = []
        heir = self.dice.choice(others) if self.dice.random() < TAKEOVERS and count else None
        holders = {holder.device, heir.device if heir else holder.device}
        said, taken, *intrusions = await asyncio.gather(
            self._say(holder, names),
            self._take_over(heir, len(names)),
            *(self._intrude(tab) for tab in others if tab is not heir),
        )
        for name, answer in said.items():
            self._judge(name, answer, may_be_held=heir is not None, holders=holders)
        self.said.append([name for name in names if name not in self.drafts])
        for answers in intrusions:
            for name, answer in answers.items():
                self._see_refused(name, answer, holders)
        if heir is not None:
            for name, answer in taken.items():
                self._judge(name, answer, may_be_held=False, holders=holders)
            self.said.append([name for name in taken if name not in self.drafts])
            self.holder = heir
            await self._see_moved(holder, heir)

    async def _say(self, tab: RawTab, names: list[str]) -> dict[str, Message]:
        """Say all, in this order, without waiting for an answer; then wait for all."""
        answers: dict[str, asyncio.Future[Message]] = {}
        for name in names:
            number = next(self._numbers)
            answers[name] = tab.answers[number] = asyncio.get_running_loop().create_future()
            params = {
                "sessionId": self.session_id,
                "prompt": [{"type": "text", "text": f"message {name}"}],
                "_meta": {META_MESSAGE_ID: name},
            }
            await tab.send({"jsonrpc": "2.0", "id": number, "method": "session/prompt", "params": params})
        if answers:
            _, late = await asyncio.wait(answers.values(), timeout=self.patience)
            if late:
                missing = [name for name, answer in answers.items() if answer in late]
                raise AssertionError(f"{tab.device} said {missing} and was never answered")
        return {name: answer.result() for name, answer in answers.items()}

    async def _intrude(self, tab: RawTab) -> dict[str, Message]:
        names = [f"x{next(self._names)}" for _ in range(self.dice.randrange(INTRUSIONS))]
        return await self._say(tab, names)

    async def _take_over(self, heir: RawTab | None, count: int) -> dict[str, Message]:
        if heir is None:
            return {}
        for _ in range(self.dice.randrange(3 * count)):
            await asyncio.sleep(0)
        params = {"sessionId": self.session_id, "cwd": "/", "mcpServers": [], "_meta": {META_TAKE_OVER: True}}
        answer = await heir.request("session/load", params)
        assert "result" in answer, answer
        self.tally.outcomes["takeovers"] += 1
        return await self._say(heir, [f"m{next(self._names)}" for _ in range(1 + self.dice.randrange(INTRUSIONS))])

    async def _see_moved(self, before: RawTab, heir: RawTab) -> None:
        def is_told() -> bool:
            told = [frame["params"] for frame in before.frames if frame.get("method") == f"_{METHOD_MOVED}"]
            return bool(told) and told[-1]["holder"]["label"] == heir.device

        await before.until(is_told, self.patience)

    # --- what comes of it ---------------------------------------------------------------------------------

    def _judge(self, name: str, answer: Message, *, may_be_held: bool, holders: set[str]) -> None:
        """What the holder was answered: it ran, or it is a draft again."""
        code = answer.get("error", {}).get("code")
        if code is None and answer["result"]["stopReason"] == "end_turn":
            self.tally.outcomes["ran"] += 1
        elif code in {BUSY, TOO_MANY}:
            self.tally.outcomes["busy"] += 1
            self.drafts.append(name)
        elif code == HELD and may_be_held:
            self.tally.outcomes["lost the lease"] += 1
            self.drafts.append(name)
            self._check_holder(name, answer, holders)
        else:
            self.tally.wrongs.append(f"{name} was said by the holder and got {answer}")

    def _see_refused(self, name: str, answer: Message, holders: set[str]) -> None:
        """What a tab was answered that does not hold it."""
        self.tally.outcomes["refused"] += 1
        self.refused.add(name)
        if answer.get("error", {}).get("code") != HELD:
            self.tally.wrongs.append(f"{name} was said by a tab that does not hold it and got {answer}")
        else:
            self._check_holder(name, answer, holders)

    def _check_holder(self, name: str, answer: Message, holders: set[str]) -> None:
        told = (answer["error"].get("data") or {}).get(META_HOLDER) or {}
        if told.get("label") not in holders:
            self.tally.wrongs.append(f"{name} was refused for {told}, and {holders} held it")

    # --- at the end ---------------------------------------------------------------------------------------

    def wrongs(self, kept: Kept) -> Iterator[str]:
        """What is wrong with all that is kept of it."""
        said = [name for names in self.said for name in names]
        in_log = [str(update.message_id) for _, update in kept.updates if isinstance(update, UserSaid)]
        ends = [str(update.message_id) for _, update in kept.updates if isinstance(update, TurnEnded)]
        in_adk = [_message_id(event) for event in kept.events if event["author"] == "user"]
        for where, names in (("log", in_log), ("log of ends", ends), ("agent's history", in_adk)):
            counts = Counter(names)
            yield from (f"{name} is {counts[name]} times in the {where}" for name in said if counts[name] != 1)
            yield from (f"{name} was refused and is in the {where}" for name in self.refused & {*names})
            yield from (f"nobody said {name}, which is in the {where}" for name in {*names} - {*said} - self.refused)
            place = {name: number for number, name in enumerate(names)}
            for together in self.said:
                places = [place.get(name, -1) for name in together]
                if places != sorted(places):
                    yield f"said as {together}, in the {where} as {sorted(together, key=lambda n: place.get(n, -1))}"
        if in_adk != in_log:
            yield "the agent's history has another order than the log"
        yield from (f"the turn of {name} is {state}" for name, state in kept.turns.items() if state != "ended")
        yield from (f"the turn of {name} is stored, which was refused" for name in self.refused & {*kept.turns})
        if [seq for seq, _ in kept.updates] != list(range(1, len(kept.updates) + 1)):
            yield "the updates have gaps or duplicates"
        for tab in self.tabs:
            yield from self._told(tab)

    def _told(self, tab: RawTab) -> Iterator[str]:
        """Each tab was told the updates one by one; a load begins again at the first."""
        before = 0
        for frame in tab.frames:
            seq = _seq(frame)
            if seq is not None and seq not in {before + 1, 1}:
                yield f"{tab.device} was told update {seq} after {before}"
            before = before if seq is None else seq


def _seq(frame: Message) -> Any:
    params = frame.get("params", {})
    if frame.get("method") == f"_{METHOD_TURN_ENDED}":
        return params["seq"]
    return params.get("_meta", {}).get(META_SEQ) if frame.get("method") == "session/update" else None


def _message_id(event: Message) -> str:
    return str((event.get("custom_metadata") or {}).get(META_MESSAGE_ID))
