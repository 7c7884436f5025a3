"""The server's settings from all layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.settings import ServerSettings, Tcp, read_settings
from shared.errors import UsageError
from shared.folders import socket_path


def settings(home: Path, environ: dict[str, str] | None = None, **given: Any) -> ServerSettings:
    return read_settings(given, {"RINGBACK_HOME": str(home), **(environ or {})})


def written(home: Path, text: str) -> Path:
    file = home / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text(text)
    return home


def test_without_any_it_listens_on_the_data_folders_own_socket(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.data_dir == tmp_path / "data"
    assert found.address == socket_path(tmp_path / "runtime", tmp_path / "data")
    assert found.log_file == tmp_path / "state" / "server.log"
    assert not found.embedded


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    home = written(tmp_path, '[server]\nmodel = "filed"\nport = 1\ngrace = 1\n')
    found = settings(home, {"RINGBACK_PORT": "2", "RINGBACK_MODEL": "told"}, port=3)
    assert (found.address, found.model, found.grace) == (Tcp("127.0.0.1", 3), "told", 1.0)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"port": 0}, Tcp("127.0.0.1", 0)),
        ({"host": "localhost"}, Tcp("127.0.0.1", 0)),
        ({"host": "127.0.0.1", "port": 80}, Tcp("127.0.0.1", 80)),
        ({"host": "::1", "port": 80}, Tcp("::1", 80)),
        ({"host": "[::1]"}, Tcp("::1", 0)),
        ({"socket": Path("/run/s.sock")}, Path("/run/s.sock")),
    ],
)
def test_where_it_listens(tmp_path: Path, given: dict[str, Any], address: Path | Tcp) -> None:
    assert settings(tmp_path, **given).address == address


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"host": "0.0.0.0"}, "other machines"),
        ({"host": "::"}, "other machines"),
        ({"host": "192.168.1.5"}, "other machines"),
        ({"host": "::ffff:192.168.1.5"}, "other machines"),
        ({"host": "example.org"}, "no address"),
        ({"host": ""}, "no address"),
        ({"port": -1}, "0 to 65535"),
        ({"port": 65536}, "0 to 65535"),
        ({"port": 1, "socket": Path("/s")}, "not both"),
        ({"socket": Path("/" + "x" * 107)}, "longer than 107"),
        ({"grace": 0}, "grace"),
        ({"patience": float("inf")}, "patience"),
        ({"grace": float("nan")}, "grace"),
    ],
)
def test_what_cannot_be_is_a_sentence(tmp_path: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        settings(tmp_path, **given)


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'prot'"):
        settings(written(tmp_path, "[server]\nprot = 1\n"))


def test_the_environment_is_not_shown_with_the_settings(tmp_path: Path) -> None:
    assert "canary" not in repr(settings(tmp_path, {"GOOGLE_API_KEY": "canary"}))
