"""``/export`` in a tab: a file with what stands there, and a line that says which; or why there is none."""

from __future__ import annotations

import json
from pathlib import Path

from client.core.transcript_entries import Note, Tone
from tests.client.link_for_tests import Switchboard, app_for_tests, started, until


async def test_a_conversation_is_exported_as_markdown_and_as_json(tmp_path: Path) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    exports = app.main.desk.exports = tmp_path / "data" / "exports"
    async with started(app, board) as pilot:
        chat = app.main.tabs.front
        chat.composer.load_text("hello")
        await pilot.press("enter")
        board.links[0].reply("**hi**\x1b[2J")
        for command in ("/export", "/export", "/export ../../out.json"):
            chat.composer.load_text(command)
            await pilot.press("enter")
        await until(pilot, lambda: len(list(exports.glob("*"))) == 3 if exports.exists() else False)
        notes = [entry.text for entry in chat.conversation.entries.values() if isinstance(entry, Note)]
    assert {path.name for path in exports.iterdir()} == {"hello.md", "hello-2.md", "out.json"}
    assert "**hi**⟨ESC⟩[2J" in (exports / "hello.md").read_text(encoding="utf-8")
    assert json.loads((exports / "out.json").read_text(encoding="utf-8"))["entries"][0]["text"] == "hello"
    assert list(tmp_path.rglob("out*")) == [exports / "out.json"]
    assert notes[0].startswith("Exported to ")


async def test_why_there_is_no_file_is_told_in_the_tab(tmp_path: Path) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    (tmp_path / "data").touch()
    app.main.desk.exports = tmp_path / "data" / "exports"
    async with started(app, board) as pilot:
        app.main.desk.export("x")
        await until(pilot, lambda: app.main.tabs.front.conversation.has_failed)
        [note] = app.main.tabs.front.conversation.entries.values()
    assert isinstance(note, Note)
    assert note.tone is Tone.ERROR
    assert note.text.startswith("Nothing was exported")
