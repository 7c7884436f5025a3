"""What runs without asking, on the screen: shown in full, and taken back by key and by mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from client.app import RingbackApp
from client.core.grants import HeldGrant
from client.screens.confirm import ConfirmScreen
from client.screens.grants import GrantsScreen
from shared.errors import LinkLostError
from shared.json_types import JsonObject
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until
from tests.client.personal_for_tests import PersonalDataForTests

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def grant(name: str, arguments: JsonObject, *, tool: str = "change_bgm", device: str = "PC") -> HeldGrant:
    return HeldGrant(name, tool, arguments, device, "/home/ada", NOON, NOON + timedelta(days=30))


FIRST, SECOND = grant("one", {"track": 1}), grant("two", {"path": "/a", "text": "x\ny"}, tool="notify", device="iPhone")


@dataclass
class Looking:
    app: RingbackApp
    pilot: Pilot[None]
    server: PersonalDataForTests

    def count(self) -> int:
        return len(self.server.grants)

    async def shows(self, words: str) -> None:
        await until(self.pilot, lambda: words in screen_text(self.app))

    async def lacks(self, words: str) -> None:
        await until(self.pilot, lambda: words not in screen_text(self.app))


@asynccontextmanager
async def looking(*grants: HeldGrant, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Looking]:
    board = Switchboard()
    board.personal.grants = grants
    app = app_for_tests(board)
    async with started(app, board, size=size) as pilot:
        await pilot.press(*"/grants", "enter")
        await until(pilot, lambda: isinstance(app.screen, GrantsScreen))
        yield Looking(app, pilot, board.personal)


async def test_each_grant_is_shown_in_full() -> None:
    async with looking(FIRST, SECOND) as desk:
        for words in (
            "change_bgm on PC, in /home/ada",
            "track: 1",
            "notify on iPhone",
            'path: "/a"',
            "text:",
            "    x",
            "    y",
        ):
            await desk.shows(words)
        await desk.shows("until 2026-12-21")


async def test_hostile_arguments_are_visible_text() -> None:
    hostile = grant("h", {"[bold]a\x1b[2J": "[@click=app.quit]x[/] \u202e\x07"}, device="P\u202eC")
    async with looking(hostile) as desk:
        await desk.shows('[bold]a⟨ESC⟩[2J: "[@click=app.quit]x[/] ⟨U+202E⟩⟨BEL⟩"')
        await desk.shows("P⟨U+202E⟩C")


async def test_the_one_under_the_cursor_is_taken_back_and_the_others_stay() -> None:
    async with looking(FIRST, SECOND) as desk:
        await desk.shows("notify on iPhone")
        await desk.pilot.press("down", "f8")
        await desk.shows("Taken back: 1 grant.")
        assert desk.server.grants == (FIRST,)
        await desk.lacks("notify on iPhone")


async def test_all_are_taken_back_only_after_asking() -> None:
    async with looking(FIRST, SECOND) as desk:
        await desk.shows("change_bgm on PC")
        await desk.pilot.press("ctrl+d")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, ConfirmScreen))
        await desk.pilot.press("escape")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, GrantsScreen))
        assert desk.count() == 2
        await desk.pilot.press("ctrl+d")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, ConfirmScreen))
        await desk.pilot.press("y")
        await desk.shows("Taken back: 2 grants.")
        assert desk.count() == 0
        await desk.shows("Nothing runs unasked because of you.")


async def test_the_mouse_does_what_the_keys_do() -> None:
    async with looking(FIRST, SECOND) as desk:
        await desk.shows("notify on iPhone")
        await desk.pilot.click(OptionList, offset=(3, 4))
        await desk.pilot.click("#revoke")
        await desk.shows("Taken back: 1 grant.")
        assert desk.server.grants == (FIRST,)
        desk.server.grants = (FIRST, SECOND)
        await desk.pilot.click("#reload")
        await desk.shows("notify on iPhone")
        await desk.pilot.click("#revoke_all")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, ConfirmScreen))
        await desk.pilot.click("#yes")
        await desk.shows("Taken back: 2 grants.")
        await desk.pilot.click("#close")
        await until(desk.pilot, lambda: desk.app.screen is desk.app.main)


async def test_one_that_is_over_meanwhile_says_so_and_goes() -> None:
    async with looking(FIRST, SECOND) as desk:
        await desk.shows("notify on iPhone")
        desk.server.grants = (SECOND,)
        await desk.pilot.press("f8")
        await desk.shows("You have no grant of that id.")
        await desk.lacks("change_bgm on PC")


async def test_without_a_connection_a_sentence_says_so_and_reloading_tries_again() -> None:
    board = Switchboard()
    board.personal.grants = (FIRST,)
    board.personal.failure = LinkLostError("This tab is not connected to its server now.")
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/grants", "enter")
        await until(pilot, lambda: "not connected to its server now." in screen_text(app))
        await pilot.press("f8")
        await until(pilot, lambda: "There is nothing to take back." in screen_text(app))
        board.personal.failure = None
        await pilot.press("f5")
        await until(pilot, lambda: "change_bgm on PC" in screen_text(app))


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (40, 12)])
async def test_there_is_room_for_a_grant_and_the_buttons_on_every_screen(size: tuple[int, int]) -> None:
    async with looking(FIRST, size=size) as desk:
        for words in ("change_bgm on PC, in /home/ada", "track: 1", "Take back F8", "Close Esc", "All of them ^D"):
            await desk.shows(words)
