"""What tools do to the screen: notices are never markup, and what is copied arrives as it is."""

from __future__ import annotations

from textual.widgets._toast import Toast

from client.tab_toolbox import HIDES_SOMETHING
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until


async def test_what_hides_in_copied_text_is_told_and_half_characters_harm_nobody() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 30)) as pilot:
        copy = board.links[0].toolbox.copy_to_clipboard
        copy("plain\n\ttext")
        assert app.clipboard == "plain\n\ttext"
        await pilot.pause()
        assert not app._notifications
        copy("ls\u200b\x1b[2J")
        assert app.clipboard == "ls\u200b\x1b[2J"
        await until(pilot, lambda: HIDES_SOMETHING in [notice.message for notice in app._notifications])
        copy("half \ud83d")
        assert app.clipboard == "half ?"
        await pilot.pause()


async def test_a_notice_is_no_markup_whoever_asks_for_it() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 30)) as pilot:
        app.notify("[@click=app.quit]press[/] [/oops]", title="[bold]\x1b[2J", markup=True)
        await until(pilot, lambda: bool(app.screen.query(Toast)))
        await until(pilot, lambda: "[@click=app.quit]press[/] [/oops]" in screen_text(app))


async def test_a_devices_name_is_no_markup_in_the_details() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 30)) as pilot:
        await app.main.desk.open_tab("[@click=app.quit]x[/]")
        await until(pilot, lambda: len(board.links) == 2)
        app.main.desk.show_details()
        await until(pilot, lambda: "Tab 2 ([@click=app.quit]x[/])" in screen_text(app))
