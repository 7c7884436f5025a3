"""The shared state on the screen: looked at, edited, and never overwritten unseen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Button, TextArea

from client.app import RingbackApp
from client.core import state_words
from client.core.state_editor import NEW_VALUE
from client.core.state_text import state_text
from client.screens.confirm import ConfirmScreen
from client.screens.key_name import KeyNameScreen
from client.screens.state import StateScreen
from client.widgets.key_list import KeyList
from shared.errors import LinkLostError, ProtocolError
from shared.json_types import JsonObject
from shared.news import PersonReset, StateChanged
from tests.client.link_for_tests import Switchboard, app_for_tests, burst, screen_text, started, until
from tests.client.personal_for_tests import PersonalDataForTests

BLUE: JsonObject = {"name": "blue"}
RED: JsonObject = {"name": "red"}


@dataclass
class Desk:
    """Someone looks at the shared state."""

    app: RingbackApp
    pilot: Pilot[None]
    board: Switchboard

    @property
    def server(self) -> PersonalDataForTests:
        return self.board.personal

    @property
    def screen(self) -> StateScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, StateScreen))

    @property
    def area(self) -> TextArea:
        return self.screen.query_one(TextArea)

    async def shows(self, words: str) -> None:
        await until(self.pilot, lambda: words in screen_text(self.app))

    async def asks(self, words: str) -> None:
        await until(self.pilot, lambda: isinstance(self.app.screen, ConfirmScreen) and self.app.screen.is_armed)
        await self.shows(words)

    async def write(self, text: str) -> None:
        """Go to the value and write this in its place."""
        self.area.focus()
        self.area.select_all()
        self.area.replace(text, *self.area.selection)
        self.area.move_cursor(self.area.document.end)
        await self.pilot.pause()

    async def is_closed(self) -> None:
        await until(self.pilot, lambda: not any(isinstance(s, StateScreen) for s in self.app.screen_stack))

    def change_elsewhere(self, key: str, data: JsonObject | None) -> None:
        self.server.states.pop(key, None)
        if data is not None:
            self.server.states[key] = data
        self.board.links[0].events.heard_news(StateChanged(key, "deleted" if data is None else "stored"))


@asynccontextmanager
async def looking(size: tuple[int, int] = (100, 30), **states: JsonObject) -> AsyncIterator[Desk]:
    board = Switchboard()
    board.personal.states = states or {"colour": BLUE, "home": {"city": "Lisbon"}}
    app = app_for_tests(board)
    async with started(app, board, size=size) as pilot:
        await pilot.press(*"/state", "enter")
        desk = Desk(app, pilot, board)
        await desk.shows('"name": "blue"' if not states else next(iter(sorted(states)))[:10])
        yield desk


async def test_the_keys_and_the_value_of_one_of_them_are_shown_and_arrows_go_on() -> None:
    async with looking() as desk:
        assert "home" in screen_text(desk.app)
        await desk.pilot.press("down")
        await desk.shows('"city": "Lisbon"')
        assert '"name": "blue"' not in screen_text(desk.app)
        await desk.pilot.press("up", "escape")
        await desk.is_closed()
        assert desk.app.main.tabs.front.composer.has_focus
    assert not any(asked.startswith(("set", "delete")) for asked in desk.server.asked)


async def test_a_value_is_edited_and_saved() -> None:
    async with looking() as desk:
        await desk.pilot.press("enter", "down", "end", "left", "left", *"-green")
        await desk.shows("* colour")
        await desk.pilot.press("ctrl+s")
        await desk.shows("Saved colour.")
        assert desk.server.states["colour"] == {"name": "blu-greene"}
        assert "* colour" not in screen_text(desk.app)
        await desk.pilot.press("ctrl+s", "escape")
        await desk.is_closed()
    assert desk.server.asked.count("set colour") == 1, "saving what is not changed does nothing"


async def test_what_is_saved_is_shown_as_it_is_stored_with_the_cursor_where_it_was() -> None:
    async with looking() as desk:
        await desk.write('{\n  "name": "green",   "since": 1}')
        desk.area.move_cursor((1, 5))
        await desk.pilot.press("ctrl+s")
        await desk.shows("Saved colour.")
        assert desk.area.text == state_text({"name": "green", "since": 1})
        assert desk.area.cursor_location == (1, 5)


@pytest.mark.parametrize(("text", "words"), [('{"name": }', "No JSON yet, line 1"), ("[1, 2]", "this is a list")])
async def test_what_cannot_be_kept_is_told_and_stays(text: str, words: str) -> None:
    async with looking() as desk:
        await desk.write(text)
        await desk.pilot.press("ctrl+s")
        await desk.shows(words)
        assert desk.area.text == text
        assert desk.server.states["colour"] == BLUE


async def test_what_the_server_refuses_is_told_and_stays() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.server.failure = ProtocolError("The document has more than 262144 bytes.")
        await desk.pilot.press("ctrl+s")
        await desk.shows("more than 262144 bytes.")
        assert desk.area.text == '{"name": "green"}'
        desk.server.failure = None
        await desk.pilot.press("ctrl+s")
        await desk.shows("Saved colour.")


async def test_drafts_of_several_keys_are_kept_and_each_is_saved_by_itself() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.screen.query_one(KeyList).focus()
        await desk.pilot.press("down")
        await desk.shows('"city": "Lisbon"')
        await desk.write('{"city": "Porto"}')
        await desk.shows("* colour")
        await desk.shows("* home")
        await desk.pilot.press("ctrl+s")
        await desk.shows("Saved home.")
        assert desk.server.states == {"colour": BLUE, "home": {"city": "Porto"}}
        desk.screen.query_one(KeyList).focus()
        await desk.pilot.press("up")
        await desk.shows('"name": "green"')


async def test_a_change_elsewhere_is_shown_by_itself_while_nothing_is_edited() -> None:
    async with looking() as desk:
        desk.change_elsewhere("colour", RED)
        await desk.shows('"name": "red"')
        desk.change_elsewhere("animal", {"name": "cat"})
        await desk.shows("animal")
        assert '"name": "red"' in screen_text(desk.app), "the key that is looked at stays"
        desk.change_elsewhere("colour", None)
        await desk.shows('"city": "Lisbon"')
        desk.server.states.clear()
        desk.board.links[0].events.heard_news(PersonReset("Gone."))
        await desk.shows("Nothing is remembered yet.")


async def test_a_change_elsewhere_under_a_draft_is_told_and_saving_asks_first() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.change_elsewhere("colour", RED)
        await desk.shows("changed elsewhere while you edited it.")
        assert desk.area.text == '{"name": "green"}'
        await desk.pilot.press("ctrl+s")
        await desk.asks("Overwrite colour?")
        await desk.shows('{"name": "red"}')
        await desk.pilot.press("enter")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
        assert desk.server.states["colour"] == RED
        assert desk.area.text == '{"name": "green"}'
        await desk.pilot.press("ctrl+s")
        await desk.asks("Overwrite colour?")
        await desk.pilot.press("y")
        await desk.shows("Saved colour.")
        assert desk.server.states["colour"] == {"name": "green"}


async def test_a_change_that_nobody_told_of_is_found_when_saving() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.server.states["colour"] = RED
        await desk.pilot.press("ctrl+s")
        await desk.asks("Overwrite colour?")
        await desk.pilot.press("n")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
        assert desk.server.states["colour"] == RED


async def test_reloading_drops_a_draft_only_after_asking() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.change_elsewhere("colour", RED)
        await desk.pilot.press("f5")
        await desk.asks("Reload colour?")
        await desk.pilot.press("escape")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
        assert desk.area.text == '{"name": "green"}'
        await desk.pilot.press("ctrl+r")
        await desk.asks("Reload colour?")
        await desk.pilot.press("y")
        await desk.shows('"name": "red"')
        assert "* colour" not in screen_text(desk.app)


async def test_deleting_asks_and_goes_to_the_next_key() -> None:
    async with looking() as desk:
        await desk.pilot.press("f8")
        await desk.asks("Delete colour?")
        await desk.pilot.press("enter")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
        assert "colour" in desk.server.states
        await desk.pilot.press("f8")
        await desk.asks("Delete colour?")
        await desk.pilot.press("y")
        await desk.shows("Deleted colour.")
        await desk.shows('"city": "Lisbon"')
        assert list(desk.server.states) == ["home"]
        await desk.pilot.press("f8")
        await desk.asks("Delete home?")
        await desk.pilot.press("y")
        await desk.shows("Nothing is remembered yet.")


async def test_a_new_key_is_named_written_and_saved() -> None:
    async with looking() as desk:
        await desk.pilot.press("ctrl+n")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, KeyNameScreen))
        await desk.pilot.press(" ", "enter")
        assert isinstance(desk.app.screen, KeyNameScreen), "a name is needed"
        await desk.pilot.press("backspace", *"birthday", "enter")
        await until(desk.pilot, lambda: desk.area.text == NEW_VALUE and desk.area.has_focus)
        await desk.pilot.press(*'"day": 1')
        await desk.shows("* birthday")
        await desk.pilot.press("ctrl+s")
        await desk.shows("Saved birthday.")
        assert desk.server.states["birthday"] == {"day": 1}


async def test_a_new_key_that_is_not_wanted_is_dropped_after_asking() -> None:
    async with looking() as desk:
        await desk.pilot.press("ctrl+n")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, KeyNameScreen))
        await desk.pilot.press(*"oops", "enter")
        await until(desk.pilot, lambda: desk.area.text == NEW_VALUE)
        await desk.pilot.press("f8")
        await desk.asks("Drop the new key oops?")
        await desk.pilot.press("y")
        await desk.shows('"city": "Lisbon"')
        assert "oops" not in screen_text(desk.app)
        await desk.pilot.press("ctrl+n")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, KeyNameScreen))
        await desk.pilot.press("escape")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)


async def test_closing_with_something_unsaved_names_it() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        await desk.pilot.press("escape")
        await desk.asks("colour: changes that are not saved.")
        await desk.pilot.press("enter")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
        assert desk.area.text == '{"name": "green"}'
        await desk.pilot.press("escape")
        await desk.asks("Close without saving?")
        await desk.pilot.press("y")
        await desk.is_closed()


async def test_an_empty_state_explains_itself_and_a_key_can_be_made() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("f9")
        await until(pilot, lambda: "Remember that my favourite colour is blue" in screen_text(app))
        assert isinstance(app.focused, Button), "there is nothing to look at"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, KeyNameScreen))
        await pilot.press("x", "enter")
        await until(pilot, lambda: app.screen.query_one(TextArea).text == NEW_VALUE)
        board.personal.states["y"] = BLUE
        board.links[0].events.heard_news(StateChanged("y", "stored"))
        await until(pilot, lambda: "* x" in screen_text(app) and "  y" in screen_text(app))


async def test_without_a_connection_a_sentence_says_so_and_reloading_tries_again() -> None:
    board = Switchboard()
    board.personal.failure = LinkLostError("This tab is not connected to its server now.")
    board.personal.states = {"colour": BLUE}
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("f9")
        await until(pilot, lambda: "not connected to its server now." in screen_text(app))
        app.screen.query_one(TextArea).focus()
        await pilot.press("x")
        assert app.screen.query_one(TextArea).text == "", "there is nothing to write in"
        board.personal.failure = None
        await pilot.press("f5")
        await until(pilot, lambda: '"name": "blue"' in screen_text(app))
        assert "not connected to its server" not in screen_text(app)


async def test_hostile_keys_and_values_are_visible_text_and_come_back_as_they_were() -> None:
    key, value = "[bold]k[/bold] [/x] \x1b[2J\u202e", {"t": "[@click=app.quit]a[/] \u200b\x9b31m\x1b]52;c;x\x07"}
    async with looking(size=(120, 30), **{key: value}) as desk:  # type: ignore[arg-type]
        await desk.shows("[bold]k[/bold] [/x]")
        await desk.shows("[@click=app.quit]a[/] \\u200b\\u009b31m\\u001b]52;c;x\\u0007")
        await desk.write(desk.area.text.removesuffix("}") + ', "n": 1}')
        await desk.pilot.press("ctrl+s")
        await desk.shows("Saved")
        assert desk.server.states[key] == {**value, "n": 1}


async def test_the_mouse_does_what_the_keys_do() -> None:
    async with looking() as desk:
        await desk.pilot.click(KeyList, offset=(4, 1))
        await desk.shows('"city": "Lisbon"')
        await desk.write('{"city": "Porto"}')
        await desk.pilot.click("#save")
        await desk.shows("Saved home.")
        await desk.pilot.click("#delete")
        await desk.asks("Delete home?")
        await desk.pilot.click("#yes")
        await desk.shows("Deleted home.")
        await desk.pilot.click("#new_key")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, KeyNameScreen))
        await desk.pilot.press("escape")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
        desk.server.states["colour"] = RED
        await desk.pilot.click("#reload")
        await desk.shows('"name": "red"')
        await desk.pilot.click("#close")
        await desk.is_closed()


async def test_what_is_typed_before_the_next_value_came_lands_in_no_other_key() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.server.may_answer = asyncio.Event()
        desk.screen.query_one(KeyList).focus()
        await desk.pilot.press("down", "tab")
        await until(desk.pilot, lambda: desk.area.has_focus)
        await desk.pilot.press("x", "y")
        assert desk.area.text == "", "its value is not known yet"
        desk.server.may_answer.set()
        await desk.shows('"city": "Lisbon"')
        desk.screen.query_one(KeyList).focus()
        await desk.pilot.press("up")
        await desk.shows('"name": "green"')
        assert desk.area.text == '{"name": "green"}'


async def test_the_last_letter_before_another_key_is_chosen_is_kept() -> None:
    async with looking() as desk:
        desk.area.insert("z")
        desk.screen.on_key_list_chosen(KeyList.Chosen("home"))
        await desk.shows('"city": "Lisbon"')
        desk.screen.on_key_list_chosen(KeyList.Chosen("colour"))
        await until(desk.pilot, lambda: desk.area.text.startswith('z{\n  "name": "blue"'))


async def test_what_is_written_while_it_is_being_saved_is_a_draft() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.server.may_answer = asyncio.Event()
        await desk.pilot.press("ctrl+s")
        await until(desk.pilot, lambda: "get colour" in desk.server.asked[-1:])
        await desk.pilot.press("enter", "ctrl+s")
        desk.server.may_answer.set()
        await desk.shows("Saved colour.")
        assert desk.server.states["colour"] == {"name": "green"}
        assert desk.area.text == '{"name": "green"}\n'
        await desk.shows("* colour")
        assert desk.server.asked.count("set colour") == 1


async def test_the_letter_typed_at_the_moment_of_saving_is_kept() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.server.when_stored = lambda: desk.area.insert("!")
        await desk.pilot.press("ctrl+s")
        await desk.shows("Saved colour.")
        assert desk.area.text == '{"name": "green"}!'
        await desk.shows("* colour")


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (40, 12)])
async def test_there_is_room_for_keys_value_and_buttons_on_every_screen(size: tuple[int, int]) -> None:
    async with looking(size=size) as desk:
        for words in ("colour", '"name": "blue"', "Save ^S", "Close Esc", "Reload F5"):
            assert words in screen_text(desk.app)


async def test_no_key_is_lost_between_a_new_keys_name_and_its_value_however_fast_they_come() -> None:
    async with looking() as desk:
        burst(desk.app, "ctrl+n", *"birthday", "enter", *'"day": 1', "ctrl+s")
        await until(desk.pilot, lambda: "birthday" in desk.server.states)
        assert desk.server.states["birthday"] == {"day": 1}
        assert desk.server.states["colour"] == BLUE


async def test_a_name_that_is_too_long_is_told_where_it_is_written() -> None:
    async with looking() as desk:
        await desk.pilot.press("ctrl+n")
        desk.app.post_message(events.Paste("k" * 201))
        await desk.pilot.press("enter")
        await desk.shows("A key has at most 200 characters")
        assert isinstance(desk.app.screen, KeyNameScreen)
        await desk.pilot.press("backspace", "enter")
        await until(desk.pilot, lambda: desk.area.text == NEW_VALUE and desk.area.has_focus)


async def test_keys_that_begin_alike_are_told_apart_in_the_list_below_it_and_in_questions() -> None:
    beginning = "the colour that my aunt liked best, " * 2
    async with looking(size=(80, 24), **{f"{beginning}first": BLUE, f"{beginning}second": RED}) as desk:
        await desk.shows("…first")
        await desk.shows("…econd")
        await desk.shows("Key: the colour that my aunt liked best, the colour that my aunt liked best,")
        await desk.pilot.press("down")
        await desk.shows('"name": "red"')
        await desk.pilot.press("f8")
        await desk.asks("second?")


async def test_leaving_ringback_with_something_unsaved_asks_first() -> None:
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        await desk.pilot.press("ctrl+q")
        await desk.asks("Leave Ringback?")
        await desk.shows("colour: changes that are not saved.")
        await desk.pilot.press("escape")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
        assert desk.area.text == '{"name": "green"}'
        await desk.pilot.press("escape")
        await desk.asks("Close without saving?")
        await desk.pilot.press("y")
        await desk.is_closed()
        await desk.pilot.press("ctrl+q")
        await until(desk.pilot, lambda: not desk.app.is_running)


async def test_saving_or_deleting_nothing_says_so() -> None:
    async with looking() as desk:
        await desk.pilot.press("ctrl+s")
        await desk.shows("There is nothing to save")
        desk.server.states.clear()
        await desk.pilot.press("f5")
        await desk.shows("Nothing is remembered yet.")
        await desk.pilot.press("f8")
        await desk.shows("There is nothing to delete.")


async def test_a_letter_that_was_meant_for_the_value_overwrites_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_words, "ARMING_SECONDS", 3600.0)
    async with looking() as desk:
        await desk.write('{"name": "green"}')
        desk.server.states["colour"] = RED
        await desk.pilot.press("ctrl+s")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, ConfirmScreen))
        await desk.pilot.press("y")
        await desk.shows("Overwrite colour?")
        assert desk.server.states["colour"] == RED
        await desk.pilot.press("escape")
        await until(desk.pilot, lambda: desk.app.screen is desk.screen)
