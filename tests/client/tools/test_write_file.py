"""``write_file`` on real folders: what is written, what is refused, and that nothing is ever half done."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from client.core.approval_preview import BlockLine, Preview, Sign
from client.core.device_presets import device_named
from client.tools import backups, write_file
from client.tools.device import DeviceState, WritingRules
from client.tools.failure import ToolFailedError
from client.tools.music import MusicPlayer
from client.tools.toolkit import Toolkit
from client.tools.write_target import MOST_CONTENT
from shared.frames import ApprovalAsked, ToolCalled
from shared.ids import ClaimId, SessionId, ToolCallId
from shared.json_types import JsonObject
from tests.client.tab_for_tests import ToolboxForTests, runs_for_tests


def state(home: Path, *allowed: Path) -> DeviceState:
    folder = home / "work"
    folder.mkdir(exist_ok=True)
    rules = WritingRules(home / "data" / "backups", allowed, (home / "data", home / "config"))
    return DeviceState(device_named("PC"), ToolboxForTests(), MusicPlayer(None), folder, writing=rules)


async def write(home: Path, path: str | Path, content: str, **more: str) -> JsonObject:
    return await write_file.run({"path": str(path), "content": content, **more}, state(home))


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


async def test_a_new_file_is_written_with_what_the_umask_leaves(tmp_path: Path) -> None:
    device = state(tmp_path)
    assert device.writing is not None
    device = replace(device, writing=replace(device.writing, umask=0o027))
    done = await write_file.run({"path": "new.txt", "content": "grüße\n"}, device)
    path = tmp_path / "work" / "new.txt"
    assert done == {"success": True, "path": str(path), "bytes": 8, "is_new": True}
    assert path.read_bytes() == "grüße\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(path.parent.iterdir()) == [path]


async def test_what_is_replaced_is_kept_and_its_mode_stays(tmp_path: Path) -> None:
    path = state(tmp_path).folder / "run me.sh"
    path.write_text("old")
    path.chmod(0o751)
    done = await write(tmp_path, path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o751)
    backup = Path(str(done["backup"]))
    assert backup.read_text() == "old"
    assert backup.name.endswith("-run_me.sh")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("permissions", [None, 0o600, 0o644])
async def test_until_it_is_whole_nobody_else_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, permissions: int | None
) -> None:
    path = state(tmp_path).folder / "x"
    if permissions is not None:
        path.write_text("old")
        path.chmod(permissions)
    seen: list[tuple[int, int]] = []
    honest = os.fchmod

    def fchmod(descriptor: int, mode: int) -> None:
        found = os.fstat(descriptor)
        seen.append((stat.S_IMODE(found.st_mode), found.st_size))
        honest(descriptor, mode)

    before = os.umask(0)
    try:
        with monkeypatch.context() as patch:
            patch.setattr("client.tools.write_file.os.fchmod", fchmod)
            await write(tmp_path, "x", "secret")
    finally:
        os.umask(before)
    assert seen == [(0o600, 6)]
    assert stat.S_IMODE(path.stat().st_mode) == (permissions or 0o600)


async def test_only_the_newest_backups_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert backups.KEPT == 100
    monkeypatch.setattr(backups, "KEPT", 5)
    state(tmp_path)
    for number in range(10):
        await write(tmp_path, "x", str(number))
    kept = sorted((tmp_path / "data" / "backups").iterdir())
    assert [path.read_text() for path in kept] == ["4", "5", "6", "7", "8"]


async def test_append_and_create(tmp_path: Path) -> None:
    await write(tmp_path, "log", "one\n", mode="append")
    await write(tmp_path, "log", "two\n", mode="append")
    await write(tmp_path, "made", "x", mode="create")
    with pytest.raises(ToolFailedError, match="makes only new files"):
        await write(tmp_path, "made", "y", mode="create")
    assert files(tmp_path / "work") == {"log": "one\ntwo\n", "made": "x"}


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("folder", "no regular file"),
        ("pipe", "no regular file"),
        ("/dev/null", "no regular file"),
        ("nowhere/x", "There is no folder"),
        ("file/x", "not a folder"),
        ("..", "names no file"),
        ("folder/.", "no regular file"),
        ("", "no regular file"),
        ("\ud800", "no name that a file can have"),
        ("x\0y", "NUL"),
        ("out", "is a symbolic link to"),
        ("dangling", "is a symbolic link to"),
        ("circle", "leads nowhere|cannot be read|symbolic link"),
        ("../data/token", "Ringback's own files"),
        ("../config/config.toml", "Ringback's own files"),
        ("to_data/token", "Ringback's own files"),
        ("x" * 300, "cannot be|too long"),
    ],
)
async def test_what_must_not_be_written_is_refused(tmp_path: Path, path: str, sentence: str) -> None:
    work = state(tmp_path).folder
    for name in ("data", "config", "work/folder", "elsewhere"):
        (tmp_path / name).mkdir()
    os.mkfifo(work / "pipe")
    (work / "file").write_text("as it was")
    (tmp_path / "elsewhere" / "secret").write_text("as it was")
    (work / "out").symlink_to(tmp_path / "elsewhere" / "secret")
    (work / "dangling").symlink_to(tmp_path / "elsewhere" / "new")
    (work / "circle").symlink_to("circle")
    (work / "to_data").symlink_to(tmp_path / "data")
    before = files(tmp_path)
    with pytest.raises(ToolFailedError, match=sentence):
        await write(tmp_path, path, "changed")
    assert files(tmp_path) == before


async def test_content_that_is_too_long_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match="at most 1,048,576"):
        await write(tmp_path, "x", "ä" * (MOST_CONTENT // 2 + 1))
    with pytest.raises(ToolFailedError, match="half a character"):
        await write(tmp_path, "x", "\ud800")
    await write(tmp_path, "x", "ä" * (MOST_CONTENT // 2))
    assert (tmp_path / "work" / "x").stat().st_size == MOST_CONTENT


async def test_a_link_that_stays_inside_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    work = state(tmp_path).folder
    (work / "real").write_text("old")
    (work / "link").symlink_to("real")
    await write(tmp_path, "link", "new")
    assert (work / "link").is_symlink()
    assert (work / "real").read_text() == "new"


async def test_where_nothing_can_be_written_the_file_is_as_it_was(tmp_path: Path) -> None:
    path = state(tmp_path).folder / "x"
    path.write_text("old")
    (tmp_path / "data").write_text("no folder, so there is nowhere for a backup")
    with pytest.raises(ToolFailedError, match="It is as it was"):
        await write(tmp_path, "x", "new")
    assert files(tmp_path / "work") == {"x": "old"}


# --- what was shown is what runs ------------------------------------------------------------------------------


def asked(arguments: JsonObject, call: str = "c") -> ApprovalAsked:
    return ApprovalAsked(
        SessionId("s"), ToolCallId(call), "write_file", "Write", "edit", arguments, "hash", "risk", expires_in=60
    )


class Device:
    """A tab's tools with what they were shown."""

    def __init__(self, home: Path) -> None:
        self.state = state(home)
        self.tools = Toolkit(self.state, runs_for_tests())
        self.claims = 0

    async def shows(self, **arguments: str) -> Preview:
        preview = await self.tools.preview(asked({**arguments}))
        assert preview is not None
        return preview

    async def runs(self, call: str = "c", **arguments: str) -> JsonObject:
        await self.tools.announce()
        self.claims += 1
        claim = ClaimId(f"{self.claims}")
        return await self.tools.run(ToolCalled(SessionId("s"), ToolCallId(call), "write_file", {**arguments}, claim))


async def test_a_file_that_changed_after_it_was_shown_is_not_written(tmp_path: Path) -> None:
    device = Device(tmp_path)
    path = device.state.folder / "notes"
    path.write_text("one\n")
    preview = await device.shows(path="notes", content="one\ntwo\n")
    assert preview.block == (BlockLine(Sign.SAME, "one"), BlockLine(Sign.ADDED, "two"))
    path.write_text("somebody else's\n")
    done = await device.runs(path="notes", content="one\ntwo\n")
    assert "has changed since you were asked" in str(done["error"])
    assert path.read_text() == "somebody else's\n"
    await device.shows(path="notes", content="one\ntwo\n")
    assert (await device.runs(path="notes", content="one\ntwo\n"))["success"] is True


async def test_a_file_that_came_after_a_new_one_was_shown_is_not_replaced(tmp_path: Path) -> None:
    device = Device(tmp_path)
    await device.shows(path="notes", content="x")
    (device.state.folder / "notes").write_text("here first")
    assert "has changed" in str((await device.runs(path="notes", content="x"))["error"])
    assert files(device.state.folder) == {"notes": "here first"}


async def test_a_folder_that_became_a_link_elsewhere_is_noticed(tmp_path: Path) -> None:
    device = Device(tmp_path)
    (device.state.folder / "sub").mkdir()
    await device.shows(path="sub/x", content="x")
    (device.state.folder / "sub").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (device.state.folder / "sub").symlink_to(tmp_path / "elsewhere")
    assert "has changed" in str((await device.runs(path="sub/x", content="x"))["error"])
    assert files(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize("failure", ["refused", "too late", "a bug", "cancelled"])
async def test_what_could_not_be_shown_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    device = Device(tmp_path)
    path = device.state.folder / "sub" / "x"
    arguments = {"path": "sub/x", "content": "new"}
    if failure != "refused":
        path.parent.mkdir()
        path.write_text("precious")
    with monkeypatch.context() as patch:
        if failure == "too late":
            patch.setattr("client.tools.toolkit.LOOK_SECONDS", -1)
        elif failure == "a bug":
            patch.setattr("client.tools.write_file.write_preview", lambda *_: 1 / 0)
        if failure == "cancelled":
            looking = asyncio.create_task(device.shows(**arguments))
            await asyncio.sleep(0)
            looking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await looking
        else:
            assert any(fact.is_warning for fact in (await device.shows(**arguments)).facts)
    path.parent.mkdir(exist_ok=True)
    path.write_text("precious")
    assert "has changed since you were asked" in str((await device.runs(**arguments))["error"])
    assert path.read_text() == "precious"
    await device.shows(**arguments)
    assert (await device.runs(**arguments))["success"] is True


async def test_the_same_content_with_another_time_has_not_changed(tmp_path: Path) -> None:
    device = Device(tmp_path)
    path = device.state.folder / "x"
    path.write_text("old")
    await device.shows(path="x", content="new")
    os.utime(path, (1, 1))
    assert (await device.runs(path="x", content="new"))["success"] is True


async def test_arguments_that_were_changed_are_looked_at_anew(tmp_path: Path) -> None:
    device = Device(tmp_path)
    await device.shows(path="a", content="x")
    edited = await device.shows(path="b", content="y")
    assert "b" in edited.facts[0].text
    assert (await device.runs(path="b", content="y"))["success"] is True
    assert files(device.state.folder) == {"b": "y"}


async def test_what_always_runs_needs_no_question(tmp_path: Path) -> None:
    assert (await Device(tmp_path).runs("never asked", path="x", content="y"))["success"] is True


async def test_outside_of_the_folders_the_question_says_so(tmp_path: Path) -> None:
    device = Device(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "fine").mkdir()
    warned = await device.shows(path="../out/x", content="x")
    assert [fact.text for fact in warned.facts if fact.is_warning] == [
        f"Outside the folders that files belong in: {device.state.folder}"
    ]
    assert (await device.runs(path="../out/x", content="x"))["success"] is True
    rules = device.state.writing
    assert rules is not None
    allowing = Toolkit(replace(device.state, writing=replace(rules, allowed=(tmp_path / "fine",))), runs_for_tests())
    silent = await allowing.preview(asked({"path": "../fine/x", "content": "x"}))
    assert silent is not None
    assert not any(fact.is_warning for fact in silent.facts)


async def test_what_would_be_refused_says_so_before_anybody_answers(tmp_path: Path) -> None:
    preview = await Device(tmp_path).shows(path="nowhere/x", content="x")
    assert [(fact.is_warning, fact.text[:20]) for fact in preview.facts] == [(True, "It would be refused:")]
