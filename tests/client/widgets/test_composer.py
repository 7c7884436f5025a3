"""The composer: Enter sends, lines are kept, history comes back, commands are completed."""

from __future__ import annotations

from client.widgets.chat_tab import ChatTab
from client.widgets.command_hints import CommandHints
from shared.frames import Command, CommandsOffered
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until


async def test_enter_sends_and_the_other_keys_start_a_new_line() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("a", "ctrl+j", "b", "shift+enter", "c", "alt+enter", "d")
        assert app.main.tabs.front.composer.text == "a\nb\nc\nd"
        await pilot.press("enter")
        assert [text for _id, text in board.links[0].said] == ["a\nb\nc\nd"]
        assert app.main.tabs.front.composer.text == ""


async def test_the_composer_grows_with_its_lines_up_to_a_limit() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        composer = app.main.tabs.front.composer
        small = composer.size.height
        await pilot.press("a", "ctrl+j", "b", "ctrl+j", "c")
        assert composer.size.height == small + 2
        await pilot.press(*(["ctrl+j"] * 20))
        assert composer.outer_size.height == 8


async def test_up_on_the_first_line_recalls_and_down_gives_the_draft_back() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        composer = app.main.tabs.front.composer
        await pilot.press(*"one", "enter", *"two", "enter", *"draft", "up")
        assert composer.text == "two"
        await pilot.press("up")
        assert composer.text == "one"
        await pilot.press("down", "down")
        assert composer.text == "draft"


async def test_up_inside_a_message_moves_the_cursor() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        composer = app.main.tabs.front.composer
        await pilot.press(*"old", "enter", "a", "ctrl+j", "b", "up")
        assert composer.text == "a\nb"
        assert composer.cursor_location[0] == 0


async def test_nothing_is_sent_from_an_empty_composer() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("space", "enter")
        assert board.links[0].said == []


async def test_a_message_is_shown_as_waiting_until_it_is_acknowledged() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: "hello  (waiting)" in screen_text(app))
        board.links[0].take()
        await until(pilot, lambda: "(waiting)" not in screen_text(app))
        assert "hello" in screen_text(app)


async def test_messages_typed_while_a_turn_runs_go_out_at_once_and_stand_at_the_end() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("1", "enter")
        board.links[0].take()
        await pilot.press("2", "enter", "3", "enter")
        assert [text for _id, text in board.links[0].said] == ["1", "2", "3"]
        await until(pilot, lambda: "3  (waiting)" in screen_text(app))
        shown = screen_text(app)
        assert shown.index("2  (waiting)") < shown.index("3  (waiting)")


async def test_escape_cancels_a_running_turn_and_only_that() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("escape")
        assert board.links[0].cancels == 0
        await pilot.press(*"hi", "enter")
        board.links[0].take()
        await pilot.press("escape")
        assert board.links[0].cancels == 1


async def test_commands_are_offered_and_tab_completes() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].update(CommandsOffered((Command("slow", "Answer slowly", "SECONDS"),)))
        await pilot.press("/", "s", "l")
        chat: ChatTab = app.main.tabs.front
        assert [hint.name for hint in chat.query_one(CommandHints).hints] == ["slow"]
        assert "Answer slowly" in screen_text(app)
        await pilot.press("tab")
        assert chat.composer.text == "/slow "
        await pilot.press("3", "enter")
        assert board.links[0].said[0][1] == "/slow 3", "what is not ours goes to the agent as it is"
