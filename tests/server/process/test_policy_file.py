"""The policy file is read at the start, or the server does not start and says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.core.policy_rules import PolicyRule, Rule
from server.process.policy_file import read_policy
from server.process.settings import read_settings
from shared.errors import UsageError

RULE = '[[rule]]\ntool = "notify"\ndecision = "deny"\n'
RULES = (PolicyRule("notify", Rule.DENY),)


def written(file: Path, text: str | bytes = RULE, mode: int = 0o600) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o400])
def test_its_rules_are_read(tmp_path: Path, mode: int) -> None:
    assert read_policy(written(tmp_path / "p.toml", mode=mode), must_exist=True) == RULES


def test_one_that_was_named_must_be_there_and_the_usual_one_need_not(tmp_path: Path) -> None:
    assert read_policy(tmp_path / "p.toml", must_exist=False) == ()
    with pytest.raises(UsageError, match=r"There is no policy file .*p\.toml"):
        read_policy(tmp_path / "p.toml", must_exist=True)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_one_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "p.toml", mode=mode)
    with pytest.raises(UsageError, match=r"others may write it\. Take that away: chmod go-w"):
        read_policy(file, must_exist=False)


def test_one_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path / "p.toml")
    os.chown(file, 1, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(UsageError, match="it belongs to another user"):
        read_policy(file, must_exist=False)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"\xff", "it is no TOML"),
        ("[[rule]", "it is no TOML"),
        ('[[rule]]\ntool = "a"\ndecision = "no"', "rule 1: decision is one of allow, ask, deny."),
        ("#" * 1_000_001, "it is longer than 1,000,000 bytes"),
    ],
)
def test_one_that_makes_no_sense_is_a_sentence_with_its_name(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    file = written(tmp_path / "p.toml", text)
    with pytest.raises(UsageError) as caught:
        read_policy(file, must_exist=False)
    assert str(file) in str(caught.value)
    assert sentence in str(caught.value)


def test_a_folder_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is no file"):
        read_policy(tmp_path, must_exist=True)


def test_the_one_beside_the_config_file_is_the_usual_one_and_another_may_be_named(tmp_path: Path) -> None:
    environ = {"RINGBACK_HOME": str(tmp_path)}
    usual, other = tmp_path / "config" / "policy.toml", tmp_path / "other.toml"
    found = [
        read_settings({}, environ),
        read_settings({"policy": other}, environ),
        read_settings({}, {**environ, "RINGBACK_POLICY": str(other)}),
    ]
    assert [(one.policy_file, one.has_policy) for one in found] == [(usual, False), (other, True), (other, True)]


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan"), float("inf"), 3651.0])
def test_a_grant_lasts_some_days(tmp_path: Path, days: float) -> None:
    with pytest.raises(UsageError, match="grant_days is a number of days"):
        read_settings({}, {"RINGBACK_HOME": str(tmp_path), "RINGBACK_GRANT_DAYS": str(days)})
