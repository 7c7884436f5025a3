"""The screen of the server's counters."""

from __future__ import annotations

from client.core.tab_mark import Mark
from client.screens.metrics import MetricsScreen
from shared.errors import ProtocolError
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until

TEXT = """# TYPE ringback_turns_total counter
ringback_turns_total{outcome="[@click=app.quit]x[/] [/y]\u202e"} 1204
# TYPE ringback_wait_seconds histogram
ringback_wait_seconds_count 4
ringback_wait_seconds_sum 2
"""


async def test_counters_stand_in_a_table_and_are_asked_for_again_with_a_key() -> None:
    board = Switchboard()
    board.personal.text = TEXT
    app = app_for_tests(board)
    async with started(app, board, size=(100, 30)) as pilot:
        await pilot.press(*"/metrics", "enter")
        await until(pilot, lambda: "ringback_turns_total" in screen_text(app))
        rows = screen_text(app).splitlines()
        assert any("outcome=[@click=app.quit]x[/] [/y]⟨U+202E⟩" in row and "1,204" in row for row in rows)
        assert any("ringback_wait_seconds" in row and "4 · mean 500 ms" in row for row in rows)
        board.personal.text = TEXT.replace("1204", "1205")
        await pilot.press("r")
        await until(pilot, lambda: "1,205" in screen_text(app))
        board.personal.failure = ProtocolError("Your key does not allow to read the counters.")
        await pilot.press("f5")
        await until(pilot, lambda: f"{Mark.ERROR.value} Your key does not allow to read" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, MetricsScreen))
        assert app.main.tabs.front.composer.has_focus


async def test_a_server_that_counts_nothing_says_so() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/metrics", "enter")
        await until(pilot, lambda: "The server counts nothing yet." in screen_text(app))
