"""A newcomer in a real terminal: start, type at once, two tabs, an approval in one while the other stays quiet."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from tests.journeys.server_process import environment
from tests.journeys.tmux import Screen, screen

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed here")

RINGBACK = [sys.executable, "-m", "client", "--model", "demo"]


async def leave(shown: Screen) -> None:
    await shown.press("C-q")
    await shown.shows("ended with 0")


async def test_a_newcomer_types_at_once_and_gets_an_answer(tmp_path: Path) -> None:
    async with screen(RINGBACK, environment(tmp_path)) as shown:
        await shown.until(lambda text: bool(text.strip()), "the first paint")
        await shown.type("calculate 123*456")
        await shown.press("Enter")
        await shown.shows("56088")
        await leave(shown)


async def test_an_approval_in_the_second_tab_leaves_the_first_quiet_and_runs_where_it_was_asked(tmp_path: Path) -> None:
    async with screen(RINGBACK, environment(tmp_path)) as shown:
        await shown.type("hello from the first tab")
        await shown.press("Enter")
        await shown.shows("scripted")
        await shown.press("C-t")
        await shown.until(lambda text: "hello from the first tab" not in text, "the second tab")
        await shown.type("Change BGM to track 1")
        await shown.press("Enter")
        asking = await shown.shows("Change the background music")
        assert "track" in asking

        await shown.press("C-PPage")
        first = await shown.shows("hello from the first tab")
        assert "Change the background music" not in first
        assert "!" in first.splitlines()[0] + first.splitlines()[1], "the waiting tab is marked"

        await shown.press("F6")
        await shown.shows("Change the background music")
        await shown.press("Tab")
        await shown.until(lambda text: "allow" in text.lower(), "the choices")
        await asyncio.sleep(1)  # a person reads first; keys count only once the prompt was on the screen for a while
        await shown.press("a")
        await shown.shows("Now playing track 1")
        await leave(shown)


async def test_eighty_columns_are_enough(tmp_path: Path) -> None:
    async with screen(RINGBACK, environment(tmp_path), columns=80, rows=24) as shown:
        await shown.type("What's my location?")
        await shown.press("Enter")
        await shown.shows("Tell where you are")
        await shown.press("C-q")
        await shown.shows("approval")


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"COLORTERM": ""}])
async def test_without_colour_the_screen_still_says_everything(tmp_path: Path, more: dict[str, str]) -> None:
    async with screen(RINGBACK, environment(tmp_path, **more)) as shown:
        await shown.type("Change BGM to track 2")
        await shown.press("Enter")
        await shown.shows("Change the background music")


async def test_a_terminal_too_small_says_so_and_recovers(tmp_path: Path) -> None:
    async with screen(RINGBACK, environment(tmp_path), columns=30, rows=8) as shown:
        await shown.shows("needs at least")
        await shown.tmux("resize-window", "-x", "100", "-y", "30")
        await shown.shows("Write a message")


async def test_a_terminal_is_needed_and_said_so(tmp_path: Path) -> None:
    async with screen(["sh", "-c", f"{' '.join(RINGBACK)} </dev/null | cat"], environment(tmp_path)) as shown:
        await shown.shows("terminal")
