"""The program and its server are killed and started again: every tab is back, and what waited is asked once."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from os import kill
from pathlib import Path

import pytest

from client.core.saved_tabs import SavedTabs, read_tabs
from client.saved_tabs_file import NAME
from tests.journeys.server_process import environment, running_server
from tests.journeys.tmux import Screen, screen

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed here")

TITLE = "Renamed by me"
DRAFT = "half a sentence that was never"
QUESTION = "Change the background music"


def saved(home: Path) -> SavedTabs:
    path = home / "state" / NAME
    return read_tabs(path.read_bytes()) if path.exists() else SavedTabs()


async def until(true: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what} did not happen") from None


def program_of(home: Path) -> int:
    """The process that shows the screen for ``home``."""
    wanted = f"RINGBACK_HOME={home}\0".encode()
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[1:3] == [b"-m", b"client"] and wanted in (folder / "environ").read_bytes():
                return int(folder.name)
    raise AssertionError("the program is not running")


async def say(shown: Screen, text: str) -> None:
    await shown.type(text)
    await shown.press("Enter")


@pytest.mark.skipif(not Path("/proc").exists(), reason="it finds the process to kill in /proc")
@pytest.mark.timeout(180)
async def test_after_a_crash_of_both_sides_all_tabs_are_back_and_the_approval_is_asked_once(tmp_path: Path) -> None:
    home = tmp_path
    async with running_server(home) as server:
        more = {"RINGBACK_TOKEN": server.token}
        program = [sys.executable, "-m", "client", "--connect", server.url]
        async with screen(program, environment(home, **more)) as shown:
            await shown.shows("connected")
            await say(shown, "calculate 123*456")
            await shown.shows("56088")
            await say(shown, f"/rename {TITLE}")
            await shown.press("C-t")
            await say(shown, "Change BGM to track 1")
            await shown.shows(QUESTION)
            await shown.press("C-t")
            await shown.type(DRAFT)
            await until(
                lambda: (
                    [tab.draft for tab in saved(home).tabs] == ["", "", DRAFT]
                    and all(tab.start is not None for tab in saved(home).tabs[:2])
                ),
                "saving three tabs",
            )
            kill(program_of(home), signal.SIGKILL)
            await shown.shows("ended with")
        server.process.kill()
        await server.process.wait()
        port = server.url.rsplit(":", 1)[1].split("/")[0]
    before = saved(home)
    assert before.active == 2
    async with (
        running_server(home, transport=("--host", "127.0.0.1", "--port", port)),
        screen(program, environment(home, **more)) as shown,
    ):
        first = await shown.shows(DRAFT)
        assert TITLE in first
        assert QUESTION not in first
        await shown.until(lambda text: "!" in text.splitlines()[0], "the mark of the tab that waits")
        await shown.press("M-1")
        await shown.shows("56088")
        assert QUESTION not in await shown.text()
        await shown.press("M-2")
        await shown.shows("Approval 1 of 1")
        await shown.press("Tab")
        await shown.shows("Esc: draft")
        await asyncio.sleep(1)  # a person reads first; keys count only once the prompt was on the screen
        await shown.press("a")
        await shown.shows("Now playing track 1")
        assert "Approval" not in await shown.text()
        await shown.press("M-3")
        await shown.shows(DRAFT)
        await until(lambda: saved(home).active == 2, "saving which tab is in front")
        await shown.press("C-q")
        await shown.shows("ended with 0")
    assert [tab.title for tab in saved(home).tabs] == [TITLE, None, None]
    assert json.loads((home / "state" / NAME).read_text())["format"] == "ringback tabs"


async def test_a_second_program_starts_fresh_and_takes_nothing_and_new_keeps_the_old_tabs_beside(
    tmp_path: Path,
) -> None:
    program = [sys.executable, "-m", "client", "--model", "demo"]
    env = environment(tmp_path, RINGBACK_GRACE="1")
    async with screen(program, env) as shown:
        await shown.shows("connected")
        await shown.type(DRAFT)
        await until(lambda: bool(saved(tmp_path).tabs), "saving the draft")
        async with screen(program, env) as second:
            await second.shows("connected")
            assert DRAFT not in await second.text()
            await second.press("C-q")
            await second.shows("ended with 0")
        assert [tab.draft for tab in saved(tmp_path).tabs] == [DRAFT]
        await shown.press("C-q")
        await shown.shows("ended with 0")
    async with screen([*program, "--new"], env) as shown:
        await shown.shows("connected")
        assert DRAFT not in await shown.text()
        await shown.press("C-q")
        await shown.shows("ended with 0")
    assert DRAFT in (tmp_path / "state" / "tabs.before.1").read_text()
