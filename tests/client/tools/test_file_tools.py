"""``read_file`` and ``list_directory`` on a real folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from client.core.device_presets import device_named
from client.tools import list_directory, read_file
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.music import MusicPlayer
from client.tools.read_file import MOST_BYTES
from shared.json_types import JsonObject
from tests.client.tab_for_tests import ToolboxForTests


def state(folder: Path) -> DeviceState:
    return DeviceState(device_named("PC"), ToolboxForTests(), MusicPlayer(None), folder)


async def read(folder: Path, **arguments: str | int) -> JsonObject:
    return await read_file.run({**arguments}, state(folder))


async def test_a_relative_path_is_read_from_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("grüße\n", encoding="utf-8")
    assert await read(tmp_path, path="notes.txt") == {
        "success": True,
        "path": str(tmp_path / "notes.txt"),
        "content": "grüße\n",
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("arguments", "content"),
    [
        ({"line": 2}, "b\nc\n"),
        ({"limit": 2}, "a\nb\n"),
        ({"line": 2, "limit": 1}, "b\n"),
        ({"line": 3, "limit": 9}, "c\n"),
    ],
)
async def test_lines_can_be_chosen(tmp_path: Path, arguments: dict[str, int], content: str) -> None:
    (tmp_path / "x").write_text("a\nb\nc\n", encoding="utf-8")
    assert (await read(tmp_path, path="x", **arguments))["content"] == content


async def test_a_long_file_is_cut_and_the_next_line_named(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("ä" * 99 + "\n" + "".join(f"{n:09}\n" for n in range(50_000)), encoding="utf-8")
    first = await read(tmp_path, path="long")
    assert first["truncated"] is True
    content = first["content"]
    assert isinstance(content, str)
    assert MOST_BYTES - 4 <= len(content.encode()) <= MOST_BYTES
    next_line = content.count("\n") + 1
    assert f"go on with line {next_line}" in str(first["note"])
    following = await read(tmp_path, path="long", line=next_line, limit=1)
    assert str(following["content"]).startswith(content.rsplit("\n", 1)[1])


async def test_one_endless_line_is_cut_and_said_so(tmp_path: Path) -> None:
    (tmp_path / "line").write_text("x" + "ä" * MOST_BYTES, encoding="utf-8")
    answer = await read(tmp_path, path="line")
    assert answer["truncated"] is True
    assert "longer than that" in str(answer["note"])
    assert set(str(answer["content"])) == {"x", "ä"}, "the cut fell inside a character"


async def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nul").write_bytes(b"abc\0def")
    (tmp_path / "latin").write_bytes("ä".encode("latin-1"))
    os.mkfifo(tmp_path / "pipe")
    for name, sentence in (("nul", "no text"), ("latin", "no text"), ("pipe", "no regular file"), (".", "is a folder")):
        with pytest.raises(ToolFailedError, match=sentence):
            await read(tmp_path, path=name)


async def test_what_cannot_be_read_is_explained(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("one line", encoding="utf-8")
    for arguments, sentence in (
        ({"path": "absent"}, "There is no"),
        ({"path": "x/y"}, "not a folder"),
        ({"path": "x\0y"}, "NUL"),
        ({"path": "~nobody-of-that-name/x"}, "not known here"),
        ({"path": "x", "line": 2}, "has no line 2"),
        ({"path": "n" * 5000}, "cannot be read"),
    ):
        with pytest.raises(ToolFailedError, match=sentence):
            await read(tmp_path, **arguments)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_file_that_is_not_the_persons_to_read_is_explained(tmp_path: Path) -> None:
    (tmp_path / "secret").touch(mode=0o000)
    with pytest.raises(ToolFailedError, match="may not read"):
        await read(tmp_path, path="secret")


async def test_a_folder_is_listed_by_name_with_kinds_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"12345")
    (tmp_path / "A").mkdir()
    (tmp_path / "c").symlink_to("nowhere")
    os.mkfifo(tmp_path / "d")
    answer = await list_directory.run({}, state(tmp_path))
    assert answer["entries"] == [
        {"name": "A", "kind": "folder"},
        {"name": "b.txt", "kind": "file", "size": 5},
        {"name": "c", "kind": "link"},
        {"name": "d", "kind": "other"},
    ]


async def test_a_full_folder_is_cut_with_a_note(tmp_path: Path) -> None:
    for number in range(503):
        (tmp_path / f"{number:03}").touch()
    answer = await list_directory.run({"path": "."}, state(tmp_path))
    entries = answer["entries"]
    assert isinstance(entries, list)
    assert len(entries) == 500
    assert answer["note"] == "Only the first 500 of 503 names are given."


async def test_a_name_that_is_no_unicode_can_still_be_sent(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).touch()
    answer = await list_directory.run({}, state(tmp_path))
    assert answer["entries"] == [{"name": "\ufffd.txt", "kind": "file", "size": 0}]


async def test_what_is_no_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, sentence in (("absent", "There is no"), ("file", "not a folder")):
        with pytest.raises(ToolFailedError, match=sentence):
            await list_directory.run({"path": path}, state(tmp_path))
