"""The client's settings, from all layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from client.settings import ClientSettings, read_settings
from client.tools.place import Place
from shared.errors import UsageError
from shared.secret import Secret


def settings(
    home: Path, given: Mapping[str, object] = MappingProxyType({}), toml: str = "", **environ: str
) -> ClientSettings:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "config.toml").write_text(toml, encoding="utf-8")
    return read_settings(given, {"RINGBACK_HOME": str(home), **environ})


def test_allowed_folders_come_from_the_file_or_the_environment(tmp_path: Path) -> None:
    home = {"RINGBACK_HOME": str(tmp_path)}
    assert read_settings({}, home).allowed_folders == ()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('[client]\nallowed_folders = ["~/a", "/b"]\n')
    assert read_settings({}, home).allowed_folders == (Path.home() / "a", Path("/b"))
    assert read_settings({}, {**home, "RINGBACK_ALLOWED_FOLDERS": "/c, /d"}).allowed_folders == (Path("/c"), Path("/d"))


def test_everything_has_a_default(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.device, found.model, found.place, found.music_folder, found.connect) == ("PC", None, None, None, None)
    assert found.data_dir == tmp_path / "data"


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    toml = '[client]\ndevice = "File"\nlocation = "Lisbon"\n[server]\ndata_dir = "/from/file"\n'
    assert settings(tmp_path, toml=toml).device == "File"
    assert settings(tmp_path, toml=toml, RINGBACK_DEVICE="Env").device == "Env"
    found = settings(tmp_path, {"device": "Line"}, toml=toml, RINGBACK_DEVICE="Env")
    assert (found.device, found.place, found.data_dir) == ("Line", Place("Lisbon"), Path("/from/file"))


def test_the_servers_other_settings_are_none_of_the_clients_business(tmp_path: Path) -> None:
    found = settings(tmp_path, toml='[server]\nmodel = "demo"\ngrace = 3\n', RINGBACK_MODEL="other")
    assert found.model is None, "the server it starts reads the same file and environment"
    assert settings(tmp_path, {"model": "demo"}).model == "demo"


def test_a_server_to_connect_to_takes_the_token_from_the_environment(tmp_path: Path) -> None:
    found = settings(tmp_path, {"connect": "ws://127.0.0.1:7000/acp"}, RINGBACK_TOKEN="canary")
    assert found.connect is not None
    assert found.connect.token == Secret("canary")
    assert "canary" not in repr(found)


@pytest.mark.parametrize("text", ["38.72,-9.14", " 38.72 , -9.14 "])
def test_a_location_may_be_coordinates(tmp_path: Path, text: str) -> None:
    place = settings(tmp_path, RINGBACK_LOCATION=text).place
    assert place == Place("38.72, -9.14", 38.72, -9.14)


@pytest.mark.parametrize(
    ("toml", "environ", "sentence"),
    [
        ("[client]\ncolour = 1\n", {}, "unknown setting 'colour'"),
        ("client = 1\n", {}, r"client must be a table"),
        ("[client\n", {}, "cannot be read"),
        ("", {"RINGBACK_LOCATION": "91,0"}, "not on Earth"),
        ("", {"RINGBACK_CONNECT": "http://x"}, "no address of a server"),
        ("", {"RINGBACK_DEVICE": "a\x1b[2Jb"}, "printable"),
        ("", {"RINGBACK_DEVICE": "x" * 41}, "1 to 40"),
        ("[client]\ndevice = 3\n", {}, "device in"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(
    tmp_path: Path, toml: str, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        settings(tmp_path, {}, toml, **environ)


def test_a_folder_may_be_written_from_home(tmp_path: Path) -> None:
    found = settings(tmp_path, toml='[client]\nmusic_folder = "~/Music"\n')
    assert found.music_folder == Path.home() / "Music"
