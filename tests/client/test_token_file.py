"""The local server's token is read from a file of the person's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from client.token_file import read_token
from shared.errors import ServerDidNotStartError


def test_the_token_is_what_is_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the-token\n")
    assert read_token(tmp_path / "token").reveal() == "the-token"


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("stolen")
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServerDidNotStartError, match="it is a link") as refused:
        read_token(tmp_path / "token")
    assert "stolen" not in str(refused.value)


def test_a_pipe_or_a_folder_in_its_place_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(ServerDidNotStartError):
            read_token(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the-token")
    os.chown(tmp_path / "token", 12345, 12345)
    with pytest.raises(ServerDidNotStartError, match="not a file of yours"):
        read_token(tmp_path / "token")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_an_empty_or_unreadable_one_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(ServerDidNotStartError, match="start again"):
        read_token(tmp_path / "token")


def test_none_at_all_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ServerDidNotStartError, match="cannot be read"):
        read_token(tmp_path / "token")
