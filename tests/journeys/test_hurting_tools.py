"""Commands, files and pages from the model's wish to the person's device: real screen, real server, real processes."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

import pytest

from client.core.transcript_entries import ToolCard
from client.widgets.tool_card import ToolCardView
from tests.client.link_for_tests import screen_text
from tests.client.tools.test_run_command import living
from tests.journeys.test_app import Person, person, shown, told


async def asked(someone: Person, name: str, own_words: str) -> None:
    """Until the front tab asks about that tool and has said what it would do."""
    front = someone.app.main.tabs.front
    await someone.until(lambda: shown(front) == [name] and own_words in screen_text(someone.app))


async def done(someone: Person, name: str, own_words: str, outcome: str) -> dict[str, object]:
    """Allow it, and wait until the agent says ``outcome``; what the tool gave."""
    await asked(someone, name, own_words)
    await someone.answers("a")
    front = someone.app.main.tabs.front
    await someone.until(lambda: outcome in told(front))
    cards = [entry for entry in front.conversation.entries.values() if isinstance(entry, ToolCard)]
    assert cards[-1].result is not None
    return dict(cards[-1].result)


async def test_a_file_is_shown_as_it_would_become_and_is_that_or_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("old words\n")
    async with person(tmp_path, monkeypatch) as someone:
        await someone.says("write hello to notes.txt")
        await asked(someone, "write_file", "1 line come, 1 go")
        assert "- old words" in screen_text(someone.app)
        assert "+ hello" in screen_text(someone.app)
        result = await done(someone, "write_file", "Replaces", "Wrote 6 bytes")
        assert notes.read_text() == "hello\n"
        assert Path(str(result["backup"])).read_text() == "old words\n"

        await someone.says("append more to notes.txt")
        await asked(someone, "write_file", "Appends to")
        notes.write_text("somebody was faster\n")
        await done(someone, "write_file", "Appends to", "has changed since you were asked")
        assert notes.read_text() == "somebody was faster\n"

        token = (tmp_path / "data" / "token").read_text()
        await someone.says("write mine to data/token")
        await done(someone, "write_file", "It would be refused", "which no tool may write")
        assert (tmp_path / "data" / "token").read_text() == token


async def test_a_command_is_what_was_shown_drives_nothing_and_ends_with_its_turn_and_its_tab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = r"for n in $(seq 200); do printf '\033]52;c;aGFja2Vk\033\\\033[2J\033]0;owned\007\302\2332J'; done"
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\necho "$1" >> {opened}\n(exec </dev/tty) 2>/dev/null && echo tty >> {opened}\nexit 0'
    )
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    async with person(tmp_path, monkeypatch) as someone:
        await someone.says(f"run {flood}")
        result = await done(someone, "run_command", "Runs with /bin/sh -c for at most 60 s in /", "exit code 0")
        assert str(result["stdout"]).count("\x1b]52;c;") == 200, "the model is given what it wrote"
        card = someone.app.screen.query_exactly_one(ToolCardView)
        card.is_open = True
        await someone.until(lambda: "⟨ESC⟩]52;c;aGFja2Vk⟨ESC⟩" in screen_text(someone.app))
        assert not set(screen_text(someone.app)) & {"\x1b", "\x07", "\x9b", "\x9c"}

        await someone.says("open https://example.org/a?b=c")
        await done(someone, "open_url", "Leads to example.org", "Opened https://example.org/a?b=c")
        assert opened.read_text() == "https://example.org/a?b=c\n"

        for keys in (("escape", "escape"), ("f4", "y")) if sys.platform.startswith("linux") else ():
            mark = uuid.uuid4().hex
            await someone.says(f"run export MARK={mark}; (setsid sleep 1000) & sleep 1000")
            await asked(someone, "run_command", "at most 60 s")
            await someone.answers("a")
            await someone.until(lambda mark=mark: len(living(mark)) >= 2)  # type: ignore[misc]
            await someone.pilot.press(*keys)
            await someone.until(lambda mark=mark: living(mark) == [])  # type: ignore[misc]
            await someone.until(lambda: not someone.app.main.tabs.front.conversation.is_working)
