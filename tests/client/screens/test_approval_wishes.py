"""Before a question is answered: another device is asked, or it is rejected with a reason."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from client.core.device_presets import PRESETS
from client.ports import ConnectedDevice
from client.screens.line_picker import LinePicker
from client.screens.reason import ReasonScreen
from shared.frames import ApprovalAnswered, ApprovalWithdrawn, Choice
from shared.ids import ConnectionSignature, ToolCallId
from tests.client.link_for_tests import HeldClock, LinkForTests, Switchboard, app_for_tests, screen_text, started, until

PC, PHONE, TABLET = PRESETS
CALL = ToolCallId("call-1")
THEIRS = ConnectedDevice(ConnectionSignature("theirs"), PHONE, ("change_bgm",), is_self=False)
OTHERS = [
    ConnectedDevice(ConnectionSignature("ours"), PC, ("change_bgm",), is_self=True),
    ConnectedDevice(ConnectionSignature("without the tool"), TABLET, ("notify",), is_self=False),
]


async def asked(pilot: Pilot[None], clock: HeldClock, link: LinkForTests, asked_by: str = "") -> None:
    link.ask(asked_by=asked_by)
    await pilot.pause()
    await pilot.press("tab")
    await pilot.pause()
    clock.now += 1


async def test_d_asks_another_device_that_has_the_tool() -> None:
    board, clock = Switchboard(), HeldClock()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        link = board.links[0]
        link.connected = [*OTHERS, THEIRS]
        await asked(pilot, clock, link)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, LinePicker))
        assert "iPhone" in screen_text(app)
        assert "Android" not in screen_text(app)
        await pilot.press("1")
        await until(pilot, lambda: bool(link.answers))
        assert link.answers == [ApprovalAnswered(CALL, None, device=THEIRS.connection)]
        await until(pilot, lambda: "it is asked on iPhone" in screen_text(app))
        assert app.main.tabs.front.panel.queue.shown is None


async def test_without_a_device_that_has_the_tool_the_question_stays() -> None:
    board, clock = Switchboard(), HeldClock()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        link = board.links[0]
        link.connected = OTHERS
        await asked(pilot, clock, link)
        await pilot.press("d")
        await until(pilot, lambda: "No other tab or device" in screen_text(app))
        assert link.answers == []
        assert app.main.tabs.front.panel.queue.shown is not None


@pytest.mark.parametrize("key", ["d", "R"])
async def test_a_question_just_painted_opens_nothing(key: str) -> None:
    board, clock = Switchboard(), HeldClock()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        board.links[0].connected = [THEIRS]
        await asked(pilot, clock, board.links[0])
        clock.now -= 1
        await pilot.press(key)
        await pilot.pause()
        assert len(app.screen_stack) == 1


async def test_a_question_from_another_device_says_whose_it_is_and_is_not_passed_on() -> None:
    board, clock = Switchboard(), HeldClock()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        link = board.links[0]
        link.connected = [THEIRS]
        await asked(pilot, clock, link, asked_by="iPhone")
        assert "asked by iPhone" in screen_text(app)
        await pilot.press("d")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        await pilot.press("a")
        await until(pilot, lambda: link.answers == [ApprovalAnswered(CALL, Choice.ALLOW_ONCE)])


async def test_a_reason_goes_with_the_no_and_stands_in_the_transcript() -> None:
    board, clock = Switchboard(), HeldClock()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        link = board.links[0]
        await asked(pilot, clock, link)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, ReasonScreen))
        await pilot.press(*"too loud", "enter")
        await until(pilot, lambda: bool(link.answers))
        assert link.answers == [ApprovalAnswered(CALL, Choice.REJECT_ONCE, reason="too loud")]
        await until(pilot, lambda: "too loud" in screen_text(app))


async def test_escape_leaves_the_question_as_it_was() -> None:
    board, clock = Switchboard(), HeldClock()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        await asked(pilot, clock, board.links[0])
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, ReasonScreen))
        await pilot.press(*"no", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert board.links[0].answers == []
        assert app.main.tabs.front.panel.queue.shown is not None


async def test_a_question_that_was_taken_back_meanwhile_is_not_answered() -> None:
    board, clock = Switchboard(), HeldClock()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        link = board.links[0]
        await asked(pilot, clock, link)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, ReasonScreen))
        link.events.approval_withdrawn(ApprovalWithdrawn(link.session_id, CALL, "It expired."))
        link.ask()
        await pilot.press(*"no", "enter")
        await until(pilot, lambda: "That question does not" in screen_text(app))
        assert link.answers == []
