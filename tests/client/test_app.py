"""The app: it paints before it connects, survives a small terminal, and is light to import."""

from __future__ import annotations

import subprocess
import sys

import pytest
from textual.geometry import Size

from client.app import RingbackApp
from client.core.device_presets import PRESETS
from client.screens.too_small import TooSmallScreen
from client.widgets.approval_panel import ApprovalPanel
from tests.client.link_for_tests import HeldClock, Switchboard, app_for_tests, screen_text, started, until

HEAVY = {"acp", "websockets", "google", "sqlalchemy", "httpx", "pydantic", "miniaudio"}
LATE = {"markdown_it", "textual.widgets._markdown", "rich.markdown"}


def test_importing_the_app_loads_neither_the_wire_nor_markdown() -> None:
    code = "import sys, client.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert not {name.split(".")[0] for name in loaded} & HEAVY
    assert not loaded & LATE


async def test_the_first_picture_is_painted_before_any_link_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    links_at_paint: list[int] = []
    paint = app._display

    def note(*arguments: object) -> None:
        links_at_paint.append(len(board.links))
        paint(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(app, "_display", note)
    async with started(app, board):
        assert links_at_paint[0] == 0


async def test_typing_is_possible_before_the_line_is_open_and_nothing_is_lost() -> None:
    board = Switchboard(opens_at_once=False)
    app = app_for_tests(board)
    async with app.run_test() as pilot:
        await pilot.press(*"early", "enter")
        await until(pilot, lambda: len(board.links) == 1)
        assert [text for _id, text in board.links[0].said] == ["early"]


async def test_a_small_terminal_gets_a_sentence_and_everything_comes_back() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"draft")
        await pilot.resize_terminal(38, 10)
        await until(pilot, lambda: isinstance(app.screen, TooSmallScreen))
        await pilot.pause()
        assert "Ringback needs at least 40x12; this" in screen_text(app)
        await pilot.press("a")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: not isinstance(app.screen, TooSmallScreen))
        assert app.main.tabs.front.composer.text == "draft"
        assert app.main.tabs.front.composer.has_focus


async def test_a_terminal_that_is_small_from_the_start_gets_the_sentence() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with app.run_test(size=(30, 8)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TooSmallScreen))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_an_approval_fits_every_size_with_all_its_answers(size: tuple[int, int]) -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board, size=size) as pilot:
        board.links[0].ask(arguments={"text": "\n".join(f"line {n}" for n in range(60))})
        await pilot.pause()
        shown = screen_text(app)
        for label in ("Allow once", "Allow tool", "Allow exact", "Reject", "Reject tool"):
            assert label in shown
        assert app.main.tabs.front.composer.region.height >= 3
        assert Size(*size).region.contains_region(app.query_one(ApprovalPanel).region)


async def test_an_unknown_theme_is_told_and_not_used() -> None:
    board = Switchboard()
    app = app_for_tests(board, theme="no-such-theme")
    async with started(app, board) as pilot:
        await until(pilot, lambda: "There is no theme" in screen_text(app))
        assert app.theme == "ringback-dark"


async def test_no_color_leaves_every_mark_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].ask()
        await pilot.pause()
        assert "1 !" in screen_text(app).splitlines()[0]
        assert "! Approval 1 of 1 on PC" in screen_text(app)


class FromElsewhere(RingbackApp):
    """A subclass in another folder."""


async def test_a_subclass_in_another_folder_has_the_same_looks() -> None:
    board = Switchboard()
    app = FromElsewhere(open_link=board, device=PRESETS[0], version="0.1.0")
    async with started(app, board):
        assert "New chat" in screen_text(app)


async def test_the_palette_has_what_no_key_does_too() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board):
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Forget all your conversations and what the agent remembers" in titles
        assert "Show the server's counters" in titles
