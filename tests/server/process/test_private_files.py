"""Files and folders for their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.process.local_token import read_or_make_token
from server.process.private_files import given_folder, own_folder, read_own, write_own
from shared.errors import DataFolderError


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_is_made_with_its_parents_for_its_owner_alone(tmp_path: Path) -> None:
    own_folder(tmp_path / "a" / "b")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]


def test_our_own_folder_is_closed_to_others_and_a_given_one_is_left_alone(tmp_path: Path) -> None:
    for name in ("own", "given"):
        (tmp_path / name).mkdir(mode=0o777)
    own_folder(tmp_path / "own")
    given_folder(tmp_path / "given")
    assert [mode(tmp_path / "own"), mode(tmp_path / "given")] == [0o700, 0o777]


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    for make in (own_folder, given_folder):
        with pytest.raises(DataFolderError, match="another user"):
            make(tmp_path / "theirs")


def test_a_file_in_the_place_of_a_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for make in (own_folder, given_folder):
        with pytest.raises(DataFolderError, match="cannot be made"):
            make(tmp_path / "file")


def test_what_is_written_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    write_own(tmp_path / "file", b"one")
    write_own(tmp_path / "file", b"two")
    assert read_own(tmp_path / "file", 10) == b"two"
    assert mode(tmp_path / "file") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    read_own(tmp_path / "file", 10)
    assert mode(tmp_path / "file") == 0o600


def test_a_link_a_pipe_and_somebody_elses_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x" * 43)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    refused = ["link", "pipe"]
    if os.geteuid() == 0:
        (tmp_path / "theirs").write_text("x" * 43)
        os.chown(tmp_path / "theirs", 12345, 12345)
        refused.append("theirs")
    for name in refused:
        with pytest.raises(DataFolderError, match=name):
            read_or_make_token(tmp_path / name)


def test_the_token_is_made_once_and_is_long_enough(tmp_path: Path) -> None:
    token = read_or_make_token(tmp_path / "token")
    assert read_or_make_token(tmp_path / "token") == token
    assert len(token) >= 43
    assert mode(tmp_path / "token") == 0o600


@pytest.mark.parametrize("content", ["", "short", "x" * 500, "a b " * 20, "x" * 40 + "\u00e9"])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(DataFolderError, match="holds no token"):
        read_or_make_token(tmp_path / "token")
