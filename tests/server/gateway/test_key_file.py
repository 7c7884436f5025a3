"""The file with the keys: who may touch it, and what happens when it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.gateway.jwks import KeysRefusedError
from server.gateway.key_file import LOOK_EVERY, MAX_BYTES, KeyFile
from tests.server.gateway.issuer_for_tests import jwk, written


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def kids(file: KeyFile) -> list[str | None]:
    return [key.kid for key in file.current()]


def replaced(file: Path, *keys: object) -> None:
    """Put another file in its place, as programs that write keys do."""
    written(file.with_suffix(".new"), *keys).replace(file)


def test_a_changed_file_counts_within_a_second(tmp_path: Path) -> None:
    clock = Clock()
    path = written(tmp_path / "keys.json", jwk("RS256", kid="one"))
    file = KeyFile(path, clock=clock)
    assert kids(file) == ["one"]
    replaced(path, jwk("RS256", kid="two"))
    clock.now += LOOK_EVERY - 0.01
    assert kids(file) == ["one"]
    clock.now += 0.01
    assert kids(file) == ["two"]


def test_a_file_written_in_place_counts_too(tmp_path: Path) -> None:
    clock = Clock()
    path = written(tmp_path / "keys.json", jwk("RS256", kid="one"))
    file = KeyFile(path, clock=clock)
    written(path, jwk("RS256", kid="other"))
    clock.now += LOOK_EVERY
    assert kids(file) == ["other"]


def test_a_file_that_stays_the_same_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    file = KeyFile(written(tmp_path / "keys.json", jwk("RS256")), clock=clock)
    monkeypatch.setattr("server.gateway.key_file.read_keys", lambda _: pytest.fail("read again"))
    for _ in range(3):
        clock.now += LOOK_EVERY
        file.current()


@pytest.mark.parametrize("broken", ["half written", "gone", "weak", "open to all"])
def test_a_file_that_became_unusable_keeps_the_keys_of_before_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    clock = Clock()
    path = written(tmp_path / "keys.json", jwk("RS256", kid="one"))
    file = KeyFile(path, clock=clock)
    match broken:
        case "half written":
            path.write_text('{"keys": [')
        case "gone":
            path.unlink()
        case "weak":
            replaced(path, {"kty": "oct", "k": "YQ"})
        case _:
            replaced(path, jwk("RS256", kid="two"))
            path.chmod(0o666)
    for _ in range(3):
        clock.now += LOOK_EVERY
        assert kids(file) == ["one"]
    assert caplog.text.count("the keys of before stay in use") == 1
    assert str(path) in caplog.text
    replaced(path, jwk("RS256", kid="three"))
    clock.now += LOOK_EVERY
    assert kids(file) == ["three"]


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o622, 0o666])
def test_a_file_that_others_may_change_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeysRefusedError, match=r"keys\.json.*changed by others.*chmod go-w"):
        KeyFile(written(tmp_path / "keys.json", jwk("RS256"), mode=mode))


def test_a_secret_that_everybody_can_read_is_refused_and_a_public_key_is_not(tmp_path: Path) -> None:
    assert KeyFile(written(tmp_path / "public.json", jwk("RS256"), jwk("ES256"), mode=0o644)).current()
    assert KeyFile(written(tmp_path / "group.json", jwk("HS256"), mode=0o640)).current()
    with pytest.raises(KeysRefusedError, match="everybody can read"):
        KeyFile(written(tmp_path / "secret.json", jwk("RS256"), jwk("HS256"), mode=0o604))


def test_somebody_elses_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "keys.json", jwk("RS256"))
    os.chown(path, 12345, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(KeysRefusedError, match="another user"):
        KeyFile(path)


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe", "giant", "broken"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "keys.json"
    match kind:
        case "folder":
            path.mkdir(mode=0o700)
        case "pipe":
            os.mkfifo(path, 0o600)
        case "giant":
            written(path, jwk("RS256", x="x" * MAX_BYTES))
        case "broken":
            written(path)
        case _:
            assert kind == "absent"
    with pytest.raises(KeysRefusedError, match=r"^The file .*keys\.json, with the keys for JSON Web Tokens, .*\.$"):
        KeyFile(path)


def test_a_link_to_a_file_of_ours_will_do(tmp_path: Path) -> None:
    # As a cluster mounts secrets.
    written(tmp_path / "real.json", jwk("RS256", kid="one"))
    (tmp_path / "keys.json").symlink_to(tmp_path / "real.json")
    assert kids(KeyFile(tmp_path / "keys.json")) == ["one"]
