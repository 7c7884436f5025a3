"""What a person commands: here a reset, and what the status line and the details say of tokens."""

from __future__ import annotations

import pytest

from client.screens.confirm import ConfirmScreen
from client.screens.details import DetailRow
from shared.errors import LinkLostError
from shared.frames import UsageChanged
from shared.news import PersonReset
from shared.usage import TokenUsage
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until
from tests.client.screens.test_news import notes

GONE = "All conversations and the shared state of ada are gone."
UNKNOWN = f"{GONE} The agent does not know what stands above."


async def test_a_reset_names_what_is_lost_and_enter_keeps_it() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/reset", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        for words in ("All your conversations", "other tabs", "devices", "remember"):
            assert words in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
        assert board.personal.asked == []


@pytest.mark.parametrize("told", ["before", "after", "never"])
async def test_the_servers_message_stands_there_once_whenever_the_tabs_are_told(told: str) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/reset", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        if told == "before":
            board.links[0].events.heard_news(PersonReset(GONE))
        await pilot.press("y")
        await until(pilot, lambda: board.personal.asked == ["reset"] and bool(notes(app.main.tabs.front)))
        if told == "after":
            board.links[0].events.heard_news(PersonReset(GONE))
        await pilot.pause()
        assert notes(app.main.tabs.front) == [UNKNOWN]


async def test_a_reset_that_cannot_be_done_says_why() -> None:
    board = Switchboard()
    board.personal.failure = LinkLostError("This tab is not connected to its server now.")
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/reset", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: "This tab is not connected to its server now." in screen_text(app))
        assert app.main.tabs.front.conversation.has_failed


async def test_tokens_of_the_front_tab_stand_in_the_status_line_and_are_left_out_before_they_are_cut() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        assert "tokens" not in screen_text(app).splitlines()[-1]
        board.links[0].update(UsageChanged(10, 100))
        await pilot.pause()
        assert "tokens" not in screen_text(app).splitlines()[-1], "the server did not say"
        board.links[0].update(UsageChanged(10, 100, TokenUsage(1000, 234, 1234)))
        await until(pilot, lambda: "connected │ 1.2k tokens" in screen_text(app).splitlines()[-1])
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        assert "tokens" not in screen_text(app).splitlines()[-1]
        await pilot.press("alt+1")
        board.links[0].toolbox.show_track("Calm")
        await until(pilot, lambda: "♪ Calm" in screen_text(app).splitlines()[-1])
        last = screen_text(app).splitlines()[-1]
        assert "1.2k" not in last
        assert "F1 help" in last
        await pilot.resize_terminal(120, 30)
        await until(pilot, lambda: "Calm │ 1.2k tokens" in screen_text(app).splitlines()[-1])


async def test_the_details_say_what_this_and_all_conversations_used_also_from_another_tab() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        board.links[1].update(UsageChanged(50, 1000, TokenUsage(40, 10, 50), TokenUsage(40, 10, 50)))
        board.links[0].update(UsageChanged(7, 1000, TokenUsage(5, 2, 7), TokenUsage(45, 12, 57)))
        await until(pilot, lambda: app.main.desk.used_in_all == TokenUsage(45, 12, 57))
        await pilot.press("f2")
        await until(pilot, lambda: bool(app.screen.query(DetailRow)))
        rows = {row.label: row.value for row in app.screen.query(DetailRow)}
        assert rows["Tokens here"] == "40 prompt · 10 completion · 50 total"
        assert rows["Tokens in all"] == "45 prompt · 12 completion · 57 total"
        assert rows["Context"] == "50 of 1,000 (5 %)"


@pytest.mark.parametrize("command", ["/state", "/metrics", "/reset"])
async def test_before_the_line_is_opened_a_sentence_says_so(command: str) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        app.main.lines._lines.clear()
        await pilot.press(*command, "enter")
        await until(pilot, lambda: "This tab has no line" in screen_text(app))


async def test_wanting_to_leave_twice_asks_once() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"draft", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("ctrl+q", "escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running)
