"""The main screen: tabs, where approvals show, and the ways to leave."""

from __future__ import annotations

import pytest

from client.screens.confirm import ConfirmScreen
from client.screens.details import DetailsScreen
from client.screens.device_picker import DevicePicker
from client.screens.help import HelpScreen
from client.widgets.chat_tabs import ChatTabs
from shared.frames import AgentSaid, TurnEnded
from tests.client.link_for_tests import HeldClock, Switchboard, app_for_tests, screen_text, started, until


def first_row(text: str) -> str:
    return text.splitlines()[0]


async def test_an_approval_in_a_tab_behind_never_shows_in_the_one_in_front_and_cannot_be_answered_there() -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        board.links[0].ask(name="get_location", arguments={"secret": "of tab one"})
        await pilot.pause()
        shown = screen_text(app)
        assert "of tab one" not in shown
        assert "Approval" not in shown
        assert "1 !" in first_row(shown)
        assert "! Tab 1 waits for you: F6" in shown.splitlines()[-1]
        clock.now += 5
        await pilot.press("tab", *"asrAX")
        assert board.links[0].answers == []
        assert board.links[1].answers == []
        await pilot.press("f6")
        assert "of tab one" in screen_text(app)
        await pilot.press("tab")
        clock.now += 0.1
        await pilot.press("a")
        assert board.links[0].answers == [], "seen for 0.1 s only since it came to the front"
        clock.now += 0.4
        await pilot.press("a")
        assert [answer.call_id for answer in board.links[0].answers] == ["call-1"]
        assert board.links[1].answers == []


async def test_each_tabs_answer_goes_to_its_own_line() -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        board.links[0].ask("zero", arguments={"track": 0})
        board.links[1].ask("one", arguments={"track": 1})
        await pilot.pause()
        for key, letter in (("alt+1", "r"), ("alt+2", "a")):
            await pilot.press(key, "tab")
            clock.now += 1
            await pilot.press(letter)
        assert [(a.call_id, a.choice) for a in board.links[0].answers] == [("zero", "reject_once")]
        assert [(a.call_id, a.choice) for a in board.links[1].answers] == [("one", "allow_once")]


async def test_keys_typed_after_opening_a_tab_land_in_the_new_tab() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("o", "ctrl+t", "n", "ctrl+pageup", "l", "f8", "e", "alt+1", "d", "alt+right", "w")
        assert [chat.composer.text for chat in app.main.tabs.chats] == ["old", "new"]


async def test_marks_tell_what_a_tab_does() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link = board.links[0]
        await pilot.press(*"hi", "enter")
        message = link.take()
        await pilot.press("ctrl+t")
        assert "1 ◌ hi · PC" in first_row(screen_text(app))
        link.update(AgentSaid("hello"))
        link.update(TurnEnded(message, "end_turn"))
        await pilot.pause()
        assert "1 ● hi · PC" in first_row(screen_text(app))
        link.events.lost("gone")
        await pilot.pause()
        assert "1 ⌁ hi · PC" in first_row(screen_text(app))
        await pilot.press("f6")
        assert app.main.tabs.number(app.main.tabs.front) == 2, "a lost line waits for no person"


async def test_a_new_tab_as_another_device() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("f3")
        assert isinstance(app.screen, DevicePicker)
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(board.links) == 2)
        assert board.links[1].device.label == "iPhone"
        await pilot.press(*"/new android", "enter")
        await until(pilot, lambda: len(board.links) == 3)
        assert board.links[2].device.label == "Android"
        assert "3" in first_row(screen_text(app))
        assert "Android" in screen_text(app).splitlines()[-1]


@pytest.mark.parametrize("way", ["f4", "alt+w", "/close"])
async def test_closing_a_tab_closes_its_line_and_no_other(way: str) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        await pilot.press(*([way] if way != "/close" else [*way, "enter"]))
        await until(pilot, lambda: len(app.main.tabs.chats) == 1 and board.links[1].closed.is_set())
        assert not board.links[0].closed.is_set()
        assert app.main.tabs.front.composer.has_focus


async def test_closing_the_last_tab_puts_a_fresh_one_in_its_place() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("f4")
        await until(pilot, lambda: len(board.links) == 2 and board.links[0].closed.is_set())
        assert len(app.main.tabs.chats) == 1
        await pilot.press("x")
        assert app.main.tabs.front.composer.text == "x"


async def test_closing_a_tab_with_a_draft_asks_and_no_keeps_it() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t", *"draft", "f4")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Tab 2 (PC): a draft that was not sent." in screen_text(app)
        await pilot.press("escape")
        assert [chat.composer.text for chat in app.main.tabs.chats] == ["", "draft"]


async def test_leaving_without_anything_to_lose_asks_nothing() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert board.links[0].closed.is_set()


async def test_leaving_names_what_would_be_lost() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].ask()
        await pilot.press(*"dra", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Tab 1 (PC): a draft that was not sent." in screen_text(app)
        assert "Tab 1 (PC): an approval that waits." in screen_text(app)
        await pilot.press("enter")
        assert app.is_running
        assert app.main.tabs.front.composer.text == "dra", "Enter means no"
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running)


async def test_the_details_show_session_and_signature_in_full_and_copy_them() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("f2")
        assert isinstance(app.screen, DetailsScreen)
        shown = screen_text(app)
        assert board.links[0].session_id in shown
        assert board.links[0].signature in shown
        assert "demo (scripted)" in shown
        await pilot.press("c")
        assert app.clipboard == board.links[0].session_id
        await pilot.press("s")
        assert app.clipboard == board.links[0].signature
        await pilot.press("f2")
        assert not isinstance(app.screen, DetailsScreen)


async def test_two_tabs_have_different_sessions_on_the_screen() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        shown = []
        for key in ("alt+1", "alt+2"):
            await pilot.press(key, "f2")
            shown.append(screen_text(app))
            await pilot.press("escape")
        assert board.links[0].session_id in shown[0]
        assert board.links[0].session_id not in shown[1]
        assert board.links[1].session_id in shown[1]


async def test_the_help_is_made_of_the_real_bindings() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 60)) as pilot:
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        shown = screen_text(app)
        for words in ("Ctrl+T", "Ctrl+PageDown, F8, Alt+Right", "Allow this once", "Ctrl+J", "/new [device]", "Ctrl+Q"):
            assert words in shown


async def test_the_command_palette_has_our_commands() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        names = [command.title for command in app.get_system_commands(app.screen)]
        assert {"New tab", "Close this tab", "Help", "Theme", "Leave Ringback"} <= set(names)
        assert len(names) == len(set(names))
        await next(c for c in app.get_system_commands(app.screen) if c.title == "New tab").callback()
        await until(pilot, lambda: len(board.links) == 2)


async def test_many_tabs_keep_the_front_label_in_view() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        for _ in range(7):
            await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 8)
        await pilot.pause()
        assert "8" in first_row(screen_text(app))
        await pilot.press("alt+1")
        await pilot.pause()
        assert first_row(screen_text(app)).lstrip().startswith("1")


async def test_the_mouse_opens_chooses_and_closes_tabs() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.click("#tab-plus")
        await until(pilot, lambda: len(board.links) == 2)
        await pilot.pause()
        await pilot.click("TabLabel")
        assert app.main.query_one(ChatTabs).front is app.main.tabs.chats[0]
