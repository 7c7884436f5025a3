"""A typist whom prompts interrupt at any moment loses no character and decides nothing; a thief is found out."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from textual import events

from client.widgets.approval_panel import ApprovalPanel
from shared.frames import ApprovalAsked
from tests.client.link_for_tests import HeldClock, Switchboard, app_for_tests, started

SENTENCES = ("another start as relaxed", "are all answers safe", "A rare X appears", "sea rats race", "as Alex said")
GAPS = (0.05, 3.0)


@dataclass
class Outcome:
    """What a trial did to the typist."""

    prompts: int
    typed: str
    arrived: str
    decisions: int


async def type_while_prompts_arrive(prompts: int, seed: int) -> Outcome:
    rng = random.Random(seed)
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    typed: list[str] = []
    asked = 0
    async with started(app, board) as pilot:
        link, chat = board.links[0], app.main.tabs.front
        while asked < prompts:
            sentence = rng.choice(SENTENCES)
            at = rng.randrange(len(sentence))  # 0: it arrives on an empty composer
            for index, character in enumerate(sentence):
                if index == at:
                    asked += 1
                    link.ask(f"call-{asked}")
                    if rng.random() < 0.5:
                        await pilot.pause()
                app.post_message(events.Key("space" if character == " " else character, character))
                await pilot.pause()
                clock.now += rng.uniform(*GAPS)
            await pilot.press("enter")
            typed.append(sentence)
        arrived = [text for _id, text in link.said]
        if chat.composer.text:
            arrived.append(chat.composer.text)
        return Outcome(asked, "\n".join(typed), "\n".join(arrived), len(link.answers))


async def test_a_typist_loses_nothing_and_decides_nothing() -> None:
    outcome = await type_while_prompts_arrive(prompts=12, seed=7)
    assert outcome.arrived == outcome.typed
    assert outcome.decisions == 0


@pytest.mark.stress
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(20))
async def test_a_thousand_prompts_take_nothing_from_a_typist(seed: int) -> None:
    outcome = await type_while_prompts_arrive(prompts=50, seed=seed)
    assert outcome.prompts >= 50
    assert outcome.arrived == outcome.typed
    assert outcome.decisions == 0


async def test_the_trial_finds_a_prompt_that_takes_the_focus(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ApprovalPanel.ask

    def steal(self: ApprovalPanel, approval: ApprovalAsked) -> None:
        honest(self, approval)
        self.focus()

    monkeypatch.setattr(ApprovalPanel, "ask", steal)
    outcome = await type_while_prompts_arrive(prompts=6, seed=7)
    assert outcome.arrived != outcome.typed
    assert outcome.decisions > 0
