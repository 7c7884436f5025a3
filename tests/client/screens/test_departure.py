"""The way out: what is under way goes on or is stopped, as the person says or has set."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.core.leaving import Way
from client.core.saved_tabs import read_tabs
from client.ports import Resumed
from client.saved_tabs_file import NAME
from client.screens.confirm import ConfirmScreen
from client.screens.quit import QuitScreen
from shared.frames import TurnEnded
from tests.client.link_for_tests import LinkForTests, Switchboard, app_for_tests, screen_text, started, until
from tests.client.screens.test_saved_tabs import file_in


class StoppableLink(LinkForTests):
    """Its turns end when they are cancelled, the ones that wait first."""

    def cancel(self) -> None:
        super().cancel()
        for message_id, _ in reversed(self.said):
            self.update(TurnEnded(message_id, "cancelled"))


def working(board: Switchboard, *, goes_on: bool = True) -> LinkForTests:
    link = board.links[0]
    link.__class__ = StoppableLink
    link.take()
    link.resumable = Resumed(link.session_id, 1, "secret") if goes_on else None
    return link


@pytest.mark.parametrize(("keys", "cancels"), [(("enter",), 0), (("g",), 0), (("s",), 1)])
async def test_what_is_under_way_goes_on_or_is_stopped(keys: tuple[str, ...], cancels: int) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        link = working(board)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen))
        assert "an answer that is being given" in screen_text(app)
        await pilot.press(*keys)
        await until(pilot, lambda: not app.is_running)
        assert link.cancels == cancels


async def test_staying_changes_nothing_and_leaving_can_be_asked_again() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        link = working(board)
        for _ in range(2):
            await pilot.press("ctrl+q")
            await until(pilot, lambda: isinstance(app.screen, QuitScreen))
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)
        assert app.is_running
        assert link.cancels == 0


@pytest.mark.parametrize(("on_quit", "cancels"), [(Way.GO_ON, 0), (Way.STOP, 1)])
async def test_the_setting_answers_for_the_person(on_quit: Way, cancels: int) -> None:
    board = Switchboard()
    app = app_for_tests(board, on_quit=on_quit)
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        link = working(board)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
        assert link.cancels == cancels


async def test_what_ends_with_its_line_is_still_named_as_lost() -> None:
    board = Switchboard()
    app = app_for_tests(board, on_quit=Way.GO_ON)
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        working(board, goes_on=False)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "an answer that is being given" in screen_text(app)


async def test_closing_a_tab_stops_what_is_under_way_in_it() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        link = working(board)
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: len(board.links) == 2)
        assert link.cancels == 1


async def test_what_waits_behind_an_answer_is_named_and_comes_back_as_the_draft_when_it_is_stopped(
    tmp_path: Path,
) -> None:
    board = Switchboard()
    app = app_for_tests(board, file=file_in(tmp_path))
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        working(board)
        await pilot.press(*"then", "enter", *"and", "enter", *"half")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen))
        assert "2 messages that wait" in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: not app.is_running)
    (tab,) = read_tabs((tmp_path / NAME).read_bytes()).tabs
    assert (tab.draft, tab.unsent) == ("then\n\nand\n\nhalf", ())


async def test_a_message_that_nobody_acknowledged_yet_is_stopped_too(tmp_path: Path) -> None:
    board = Switchboard()
    app = app_for_tests(board, on_quit=Way.STOP, file=file_in(tmp_path))
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        link = board.links[0]
        link.__class__ = StoppableLink
        link.resumable = Resumed(link.session_id, 1, "secret")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    (tab,) = read_tabs((tmp_path / NAME).read_bytes()).tabs
    assert (link.cancels, tab.draft, tab.unsent) == (1, "plan", ())


class BelatedLink(LinkForTests):
    """Its message is being stored when it is cancelled for the first time, and begins after that."""

    def cancel(self) -> None:
        super().cancel()
        if self.cancels == 1:
            self.take()
        else:
            self.update(TurnEnded(self.said[-1][0], "cancelled"))


async def test_a_message_that_begins_after_the_rest_was_stopped_is_stopped_as_well() -> None:
    board = Switchboard()
    app = app_for_tests(board, on_quit=Way.STOP)
    async with started(app, board) as pilot:
        await pilot.press(*"plan", "enter")
        link = board.links[0]
        link.__class__ = BelatedLink
        link.resumable = Resumed(link.session_id, 1, "secret")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running)
    assert link.cancels == 2
