"""Somebody at a tab who is asked about calls, and may answer each as often as they like, with any arguments."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from shared.acp_names import META_ARGUMENTS, META_ASK_DEVICE
from tests.faults.any_arguments import LABEL, Arguments, any_arguments, changed
from tests.faults.approved_runs import NOTE, PAY, Asked, Ran
from tests.faults.durable_tab import LOST, DurableTab, Question
from tests.faults.household import Household
from tests.journeys.raw_tab import Message


class Person:
    """Somebody at one tab. ``asked`` is what the model asked for, by message; ``changes`` counts other ones made."""

    def __init__(self, house: Household, tab: DurableTab, dice: random.Random) -> None:
        self.house, self.tab, self.dice = house, tab, dice
        self.changes = 0
        self.asked: dict[str, list[Asked]] = {}
        self.ran: list[Ran] = []
        self.name = ""
        self.watch(tab)

    def watch(self, tab: DurableTab) -> None:
        """Nobody answers by itself; whatever the arguments, it runs there, and is written down."""
        tab.schema = {"type": "object"}
        tab.decide = lambda _: None
        tab.use_tool = self._use

    async def _use(self, params: Message, run: Callable[[], None]) -> Message:
        self.ran.append(Ran(params["toolCallId"], params["name"], params["arguments"]))
        run()
        return {"success": True}

    # --- one trial ----------------------------------------------------------------------------------------

    async def be_asked(self, number: int, calls: int, *, in_a_tab: bool) -> None:
        """Have the model ask for so many calls at once; with ``in_a_tab``, not of a tool of the server's."""
        self.name = str(number)
        tool = self.dice.choice(("notify", "change_bgm", "read_file" if in_a_tab else PAY))
        self.asked[self.name] = [self._call(tool, f"{self.tab.name}|{number}|{n}") for n in range(calls)]
        asked = " | ".join(f"{call.tool} {json.dumps(call.arguments)}" for call in self.calls)
        self.tab.say(self.name, f"/tools {asked}")
        await self.until_asked()

    def _call(self, tool: str, label: str) -> Asked:
        return Asked(tool, {NOTE: label} if tool == PAY else any_arguments(self.dice, label))

    @property
    def calls(self) -> list[Asked]:
        return self.asked[self.name]

    @property
    def questions(self) -> list[Question]:
        """Of this visit, by the order of the calls."""
        labels = [call.label for call in self.calls]
        found = {str(_label(question)): question for question in self.tab.open_questions}
        return [found[label] for label in labels if label in found]

    async def until_asked(self) -> None:
        await self.until("it is asked", lambda: len(self.questions) == len(self.calls))

    async def until(self, name: str, true: Callable[[], object]) -> None:
        await self.house.until(f"{name}: {self.tab.name}, {self.name}", true)

    def other(self, call: Asked) -> Arguments:
        """Other arguments than the model's."""
        self.changes += 1
        if call.tool == PAY:
            return {NOTE: f"{call.label} {self.dice.random()}"}
        return changed(self.dice, call.arguments)

    async def reply(self, question: Question, option: str = "allow_once", /, **meta: Any) -> None:
        """Answer a question of this visit, whatever was answered before."""
        if option.startswith("allow"):
            self.tab.approved.add(question.call_id)
        await send_answer(self.tab, question.frame["id"], option, **meta)


async def send_answer(tab: DurableTab, request: str, option: str = "allow_once", /, **meta: Any) -> None:
    result: Message = {"outcome": {"outcome": "selected", "optionId": option}}
    if meta:
        result["_meta"] = {{"edited": META_ARGUMENTS, "device": META_ASK_DEVICE}.get(k, k): v for k, v in meta.items()}
    with suppress(*LOST, AssertionError):
        assert tab.visit is not None
        await tab.visit.send(json.dumps({"jsonrpc": "2.0", "id": request, "result": result}))


def _label(question: Question) -> object:
    arguments = question.frame["params"]["toolCall"].get("rawInput") or {}
    return arguments.get(LABEL, arguments.get(NOTE))
