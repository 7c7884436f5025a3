"""The file of the saved tabs: whole at any moment, private, one program's, and set aside when it cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from client.core.saved_tabs import SavedTab, SavedTabs, write_tabs
from client.saved_tabs_file import LOCK, NAME, SavedTabsFile
from shared.frames import Device

TABS = SavedTabs((SavedTab(Device("pc", "PC", "pc"), draft="a draft"),))


def held(folder: Path) -> SavedTabsFile:
    file = SavedTabsFile(folder)
    assert file.hold()
    return file


def test_what_is_written_is_there_for_the_next_program_and_for_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    before = os.umask(0)
    try:
        file = held(folder)
        file.write(write_tabs(TABS))
    finally:
        os.umask(before)
    file.close()
    assert held(folder).read() == TABS
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {NAME: 0o600, LOCK: 0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_file_there_are_no_tabs_and_nothing_is_said(tmp_path: Path) -> None:
    file = held(tmp_path)
    assert file.read() == SavedTabs()
    assert file.remark is None


@pytest.mark.parametrize("content", [b"", b"{", write_tabs(TABS)[:-9], b"\xff\xfe", b'{"format": "other"}'])
def test_a_file_that_cannot_be_read_is_set_aside_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    for number in (1, 2):
        (tmp_path / NAME).write_bytes(content)
        file = held(tmp_path)
        assert file.read() == SavedTabs()
        assert file.remark is not None
        assert f"tabs.unreadable.{number}" in file.remark
        assert (tmp_path / f"tabs.unreadable.{number}").read_bytes() == content
        assert not (tmp_path / NAME).exists()
        file.close()


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = held(tmp_path)
    file.write(write_tabs(TABS))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.write(write_tabs(SavedTabs()))
    assert file.read() == TABS


def test_the_tabs_that_are_not_wanted_now_are_kept_beside(tmp_path: Path) -> None:
    file = held(tmp_path)
    file.put_away()
    file.write(write_tabs(TABS))
    file.put_away()
    assert file.read() == SavedTabs()
    assert (tmp_path / "tabs.before.1").read_bytes() == write_tabs(TABS)


def test_a_second_program_does_not_get_the_file_until_the_first_one_is_dead(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from client.saved_tabs_file import SavedTabsFile; "
        f"print(SavedTabsFile(Path({str(tmp_path)!r})).hold(), flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen(
        [
            sys.executable,
            "-c",
            code.replace("print(", "f = ").replace(".hold(), flush=True)", "; print(f.hold(), flush=True)"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    assert first.stdin is not None
    try:
        assert first.stdout.readline() == "True\n"
        assert not SavedTabsFile(tmp_path).hold()
    finally:
        first.kill()
        first.wait(timeout=10)
        first.stdout.close()
        first.stdin.close()
    assert SavedTabsFile(tmp_path).hold()


def test_a_folder_that_cannot_be_made_keeps_nothing_and_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    assert not SavedTabsFile(tmp_path / "state").hold()


def test_a_lock_that_cannot_be_opened_keeps_nothing_and_says_which(tmp_path: Path) -> None:
    (tmp_path / "tabs.lock").mkdir()
    file = SavedTabsFile(tmp_path)
    assert not file.hold()
    assert file.remark is not None
    assert str(tmp_path / "tabs.lock") in file.remark
