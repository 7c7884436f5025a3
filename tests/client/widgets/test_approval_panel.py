"""The approval: seen in its own tab, never in the way of typing, answered only on purpose."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import pytest
from textual.pilot import Pilot

from client.core.transcript_entries import ToolCard
from client.widgets.approval_panel import ApprovalPanel
from client.widgets.chat_tab import ChatTab
from client.widgets.choice_button import ChoiceButton
from shared.frames import ApprovalAnswered, ApprovalWithdrawn, Choice
from shared.ids import ToolCallId
from shared.json_types import JsonValue
from tests.client.link_for_tests import HeldClock, LinkForTests, Switchboard, app_for_tests, screen_text, started, until


class Scene:
    """One tab with a clock that the test moves."""

    def __init__(self) -> None:
        self.clock = HeldClock()
        self.board = Switchboard()
        self.app = app_for_tests(self.board, self.clock)

    @property
    def link(self) -> LinkForTests:
        return self.board.links[0]

    @property
    def chat(self) -> ChatTab:
        return self.app.main.tabs.front

    def started(self, size: tuple[int, int] = (80, 24)) -> AbstractAsyncContextManager[Pilot[None]]:
        return started(self.app, self.board, size)

    async def ask(self, pilot: Pilot[None], call: str = "call-1", **arguments: JsonValue) -> None:
        self.link.ask(call, arguments={"track": 1, **arguments})
        await pilot.pause()

    def wait(self) -> None:
        self.clock.now += 0.5


async def test_a_prompt_never_takes_the_focus_and_letters_stay_in_the_draft() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await pilot.press(*"be")
        await scene.ask(pilot)
        scene.wait()
        await pilot.press(*"asrAX")
        assert scene.chat.composer.text == "beasrAX"
        assert scene.chat.composer.has_focus
        assert scene.link.answers == []


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (["a"], Choice.ALLOW_ONCE),
        (["s"], Choice.ALLOW_TOOL),
        (["r"], Choice.REJECT_ONCE),
        (["X"], Choice.REJECT_TOOL),
    ],
)
async def test_a_letter_answers_once_one_went_there(keys: list[str], choice: Choice) -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        await pilot.press("tab")
        scene.wait()
        await pilot.press(*keys)
        assert scene.link.answers == [ApprovalAnswered(ToolCallId("call-1"), choice)]
        assert scene.chat.composer.has_focus, "the last answer gives the focus back to the draft"


async def test_always_exactly_this_asks_once_more() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        await pilot.press("tab")
        scene.wait()
        await pilot.press("A")
        assert scene.link.answers == []
        assert "exactly these arguments" in screen_text(scene.app)
        await pilot.press("A")
        assert scene.link.answers == [], "a key that repeats itself is no second answer"
        scene.wait()
        await pilot.press("A")
        assert scene.link.answers == [ApprovalAnswered(ToolCallId("call-1"), Choice.ALLOW_EXACT)]


async def test_escape_takes_the_second_question_back_and_then_goes_to_the_draft() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        await pilot.press("tab")
        scene.wait()
        await pilot.press("A", "escape")
        assert not scene.chat.panel.is_confirming
        assert scene.chat.panel.has_focus
        await pilot.press("escape")
        assert scene.chat.composer.has_focus
        assert scene.link.answers == []


async def test_an_answer_before_the_prompt_was_seen_does_not_count() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        await pilot.press("tab", "a")
        assert scene.link.answers == []
        scene.clock.now += 0.39
        await pilot.press("a")
        assert scene.link.answers == []
        scene.clock.now += 0.02
        await pilot.press("a")
        assert len(scene.link.answers) == 1


async def test_the_next_prompt_in_the_same_place_must_be_seen_too() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot, "one")
        await scene.ask(pilot, "two")
        assert "1 of 2" in screen_text(scene.app)
        await pilot.press("tab")
        scene.wait()
        await pilot.press("a", "a")
        assert [answer.call_id for answer in scene.link.answers] == ["one"]
        scene.wait()
        await pilot.press("r")
        assert [answer.call_id for answer in scene.link.answers] == ["one", "two"]


async def test_enter_on_an_empty_composer_goes_to_the_prompt_and_answers_nothing() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        scene.wait()
        await pilot.press("enter")
        assert scene.chat.panel.has_focus
        await pilot.press("enter")
        assert scene.link.answers == []


async def test_a_click_on_an_answer_counts_only_after_the_prompt_was_seen() -> None:
    scene = Scene()
    async with scene.started((100, 30)) as pilot:
        await scene.ask(pilot)
        await pilot.click("#choice-reject_once")
        assert scene.link.answers == []
        scene.wait()
        await pilot.click("#choice-reject_once")
        assert scene.link.answers == [ApprovalAnswered(ToolCallId("call-1"), Choice.REJECT_ONCE)]


async def test_only_the_offered_answers_are_shown_and_count() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        offered = (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)
        scene.link.ask(choices=offered)
        await pilot.pause()
        buttons = [button for button in scene.chat.panel.query(ChoiceButton) if button.display]
        assert tuple(button.choice for button in buttons) == offered
        await pilot.press("tab")
        scene.wait()
        await pilot.press("s", "A", "X")
        assert scene.link.answers == []


async def test_every_argument_is_shown_in_full_with_invisible_characters_named() -> None:
    scene = Scene()
    async with scene.started((100, 40)) as pilot:
        await scene.ask(pilot, path="/tmp/\u202egpj.exe", content="one\ntwo\x1b", long="x" * 150)
        shown = screen_text(scene.app)
        assert '"/tmp/⟨U+202E⟩gpj.exe"' in shown
        assert "two⟨ESC⟩" in shown
        assert sum(line.count("x") for line in shown.splitlines() if "xxx" in line) >= 150
        assert "Changes the music that plays on this device." in shown
        assert "on PC" in shown


async def test_a_withdrawn_prompt_goes_away_and_gives_the_focus_back() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        await pilot.press("tab")
        link = scene.link
        link.events.approval_withdrawn(ApprovalWithdrawn(link.session_id, ToolCallId("call-1"), "Nobody answered."))
        await pilot.pause()
        assert scene.chat.panel.queue.shown is None
        assert scene.chat.composer.has_focus
        await until(pilot, lambda: "Not decided: Nobody answered, 14:03, PC." in screen_text(scene.app))


async def test_a_lost_line_takes_its_prompts_away() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        scene.link.events.lost("The server went away.")
        await pilot.pause()
        assert scene.chat.panel.queue.shown is None
        assert not scene.chat.panel.has_class("-asking")


async def test_what_help_covered_must_be_seen_anew() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        await pilot.press("tab")
        scene.wait()
        await pilot.press("f1")
        await pilot.press("escape")
        assert scene.chat.panel.has_focus
        await pilot.press("a")
        assert scene.link.answers == []


async def test_the_decision_stands_in_the_transcript() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot)
        await pilot.press("tab")
        scene.wait()
        await pilot.press("a")
        card = next(e for e in scene.chat.conversation.entries.values() if isinstance(e, ToolCard))
        assert card.decision == "You allowed this once, 14:03, PC."
        await until(pilot, lambda: "You allowed this once, 14:03, PC." in screen_text(scene.app))


async def test_arrows_go_from_one_prompt_to_the_next() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await scene.ask(pilot, "one")
        await scene.ask(pilot, "two")
        await pilot.press("tab")
        scene.wait()
        await pilot.press("right")
        assert "2 of 2" in screen_text(scene.app)
        await pilot.press("a")
        assert scene.link.answers == []
        scene.wait()
        await pilot.press("a")
        assert [answer.call_id for answer in scene.link.answers] == ["two"]


def test_the_panel_never_focuses_itself() -> None:
    assert ApprovalPanel.can_focus
    assert not ChoiceButton.can_focus
