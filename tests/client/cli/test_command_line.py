"""The command ``ringback`` as a shell sees it: sentences, exit codes, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from client.__main__ import run
from client.cli import ringback
from tests.journeys.server_process import environment


def ringback_says(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "client", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=environment(home, **more),
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dance"], "No such command 'dance'"),
        (["--dance"], "No such option"),
        (["--device"], "requires an argument"),
        (["--device", "\x1b[2J"], "printable characters"),
        (["--connect", "http://x"], "is no address of a server"),
        (["--model", "demo", "serve"], "Write --model after serve"),
        (["serve", "--dance"], "dance"),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = ringback_says(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_config_file_with_a_mistake_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[client]\ncolour = 'red'\n")
    done = ringback_says(tmp_path)
    assert done.returncode == 2
    assert "unknown setting 'colour'" in done.stderr
    assert "config.toml" in done.stderr


def test_without_a_terminal_the_screen_says_so(tmp_path: Path) -> None:
    done = ringback_says(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "The screen needs a terminal: neither input nor any output can be a file or a pipe." in done.stderr


@pytest.mark.parametrize(("option", "words"), [("--help", "RINGBACK_HOME"), ("--version", "ringback 0.")])
def test_help_and_version_go_to_stdout_and_end_well(tmp_path: Path, option: str, words: str) -> None:
    done = ringback_says(tmp_path, option)
    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout


def test_a_person_without_any_setting_of_ours_sees_no_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "client", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_serve_becomes_the_server_in_the_same_process(tmp_path: Path) -> None:
    serving = subprocess.Popen(
        [sys.executable, "-m", "client", "serve", "--model", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(tmp_path),
    )
    try:
        assert serving.stdout is not None
        ready = json.loads(serving.stdout.readline())
        assert (ready["event"], ready["pid"]) == ("ready", serving.pid)
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
        assert serving.stdout is not None
        serving.stdout.close()


@pytest.mark.usefixtures("logging_put_back")
def test_the_persons_own_umask_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[object] = []
    monkeypatch.setenv("RINGBACK_HOME", str(tmp_path))
    monkeypatch.setattr(ringback, "main", lambda **given: handed.append(given["obj"]))
    monkeypatch.setattr("client.__main__.os.umask", lambda _mask: 0o027)
    assert run([]) == 0
    assert handed == [0o027]


@pytest.mark.parametrize(
    ("error", "code"), [(RuntimeError("inner words"), 1), (KeyboardInterrupt(), 130), (click.Abort(), 130)]
)
@pytest.mark.usefixtures("logging_put_back")
def test_no_traceback_reaches_a_person(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setenv("RINGBACK_HOME", str(tmp_path))
    monkeypatch.setattr(ringback, "main", fail)
    monkeypatch.setattr("client.__main__.os.umask", lambda _mask: 0)
    assert run([]) == code
    shown = capfd.readouterr()
    assert ("bug of its own" in shown.err) == (code == 1)
    assert "inner words" not in shown.err
    assert "Traceback" not in shown.err
    if code == 1:
        log = tmp_path / "state" / "client.log"
        assert str(log) in shown.err
        assert "inner words" in log.read_text(encoding="utf-8")
