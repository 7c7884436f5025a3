"""The links of the tabs: what is said early is kept, a bug in one is told and ends no other, closing has a limit."""

from __future__ import annotations

import asyncio
import logging

import pytest

from client.core.device_presets import PRESETS
from client.lines import BROKEN, Lines
from client.ports import Start, TabEvents, Toolbox
from shared.frames import ApprovalAnswered, Choice, Device
from shared.ids import MessageId, ToolCallId
from tests.client.link_for_tests import LinkForTests, Switchboard
from tests.client.tab_for_tests import Failed, TabForTests

DEVICE = PRESETS[0]


class Tab(TabForTests):
    """A tab that can be a key."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class NoScreen:
    def copy_to_clipboard(self, text: str) -> None: ...
    def show_notice(self, message: str, title: str | None) -> None: ...
    def show_track(self, track: str) -> None: ...
    async def open_url(self, url: str) -> None: ...


async def test_what_is_said_before_the_line_is_made_is_kept_in_order() -> None:
    board, tab = Switchboard(), Tab()
    lines: Lines[Tab] = Lines(board)
    lines.say(tab, MessageId("1"), "one")
    lines.say(tab, MessageId("2"), "two")
    lines.open(tab, DEVICE, NoScreen())
    lines.answer(tab, ApprovalAnswered(ToolCallId("c"), Choice.ALLOW_ONCE))
    lines.cancel(tab)
    assert [text for _id, text in board.links[0].said] == ["one", "two"]
    assert len(board.links[0].answers) == board.links[0].cancels == 1
    await lines.close_all()


class BrokenLink(LinkForTests):
    async def run(self) -> None:
        raise ZeroDivisionError


async def test_a_bug_in_one_line_is_told_in_its_tab_and_ends_no_other(caplog: pytest.LogCaptureFixture) -> None:
    board = Switchboard()

    def open_link(device: Device, events: TabEvents, toolbox: Toolbox, start: Start | None = None) -> LinkForTests:
        return BrokenLink(device, events, toolbox, 0) if not board.links else board(device, events, toolbox)

    broken, sound = Tab(), Tab()
    lines: Lines[Tab] = Lines(open_link)
    with caplog.at_level(logging.ERROR):
        lines.open(broken, DEVICE, NoScreen())
        board.links.append(LinkForTests(DEVICE, sound, NoScreen(), 0))
        lines.open(sound, DEVICE, NoScreen())
        async with asyncio.timeout(5):
            while Failed(BROKEN) not in broken.happened:
                await asyncio.sleep(0)
    assert "ended by a bug" in caplog.text
    assert board.links[1].closed.is_set() is False
    await lines.close_all()


class StubbornLink(LinkForTests):
    async def close(self) -> None:
        await asyncio.Event().wait()


async def test_a_link_that_does_not_close_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.lines.CLOSING_SECONDS", 0.05)
    tab = Tab()
    lines: Lines[Tab] = Lines(lambda device, events, toolbox, start=None: StubbornLink(device, events, toolbox, 0))
    lines.open(tab, DEVICE, NoScreen())
    async with asyncio.timeout(5):
        await lines.close(tab)
