"""Where files are kept."""

from __future__ import annotations

from pathlib import Path

from shared.folders import MAX_SOCKET_PATH, folders, socket_path


def test_a_home_holds_four_folders_of_their_own(tmp_path: Path) -> None:
    kept = folders(tmp_path)
    assert (kept.config, kept.data, kept.state, kept.runtime) == (
        tmp_path / "config",
        tmp_path / "data",
        tmp_path / "state",
        tmp_path / "runtime",
    )
    assert kept.config_file == tmp_path / "config" / "config.toml"


def test_two_data_folders_never_share_a_socket(tmp_path: Path) -> None:
    assert socket_path(tmp_path, tmp_path / "a") != socket_path(tmp_path, tmp_path / "b")


def test_a_path_too_long_for_a_socket_falls_back_to_a_short_one(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    found = socket_path(deep, tmp_path / "data")
    assert len(bytes(found)) <= MAX_SOCKET_PATH
    assert found == socket_path(deep, tmp_path / "data")
