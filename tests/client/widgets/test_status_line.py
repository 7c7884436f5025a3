"""The status line says who answers, on which device, how the line is and what plays."""

from __future__ import annotations

from client.core.tab_mark import Mark
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until


async def test_the_status_line_always_says_which_model_answers() -> None:
    board = Switchboard(opens_at_once=False)
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        assert "connecting" in screen_text(app).splitlines()[-1]
        board.links[0].open()
        board.links[0].toolbox.show_track("Pulse")
        await pilot.pause()
        last = screen_text(app).splitlines()[-1]
        for word in ("PC", "demo (scripted)", "connected", "♪ Pulse", "F1 help"):
            assert word in last
        board.links[0].events.lost("The server went away.")
        board.links[0].events.connecting(2, "")
        await until(pilot, lambda: "The server went away." in screen_text(app))
        assert "not connected" in screen_text(app).splitlines()[-1]


async def test_a_tab_that_cannot_connect_says_what_to_do() -> None:
    board = Switchboard(opens_at_once=False)
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].events.failed("The data folder cannot be written. Choose another with --data-dir.")
        await until(pilot, lambda: "Choose another with --data-dir." in screen_text(app))
        assert "cannot connect" in screen_text(app).splitlines()[-1]
        assert Mark.ERROR.value in screen_text(app).splitlines()[0]
