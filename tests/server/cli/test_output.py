"""Commands whose output goes nowhere, as a shell can arrange it: one sentence, a right exit code, and no open key."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.server_process import environment

KEY = re.compile(r"rbk_[a-z2-7]{10}_[A-Za-z0-9_-]{43}\n")


def token(home: Path, redirected: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with its output sent elsewhere by a shell; the exit code is the command's."""
    line = f"set -o pipefail; {shlex.join((sys.executable, '-m', 'client', 'token', *arguments))} {redirected}"
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
        env=environment(home), check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("redirected", "sentence", "states"),
    [
        (">&-", "There is nowhere to show a key (stdout is closed), so none was made.\n", []),
        (">/dev/full", "The key could not be shown (No space left on device), so it was revoked.\n", ["revoked"]),
        ("| exec 0<&-", "The key could not be shown (Broken pipe), so it was revoked.\n", ["revoked"]),
    ],
)
def test_no_key_stays_open_that_nobody_could_see(
    tmp_path: Path, redirected: str, sentence: str, states: list[str]
) -> None:
    done = token(tmp_path, redirected, "create", "--user", "ada")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)
    assert [entry["state"] for entry in json.loads(token(tmp_path, "", "list", "--json").stdout)] == states


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full"])
def test_a_key_that_was_shown_stays_open_though_nobody_reads_the_sentence_about_it(
    tmp_path: Path, redirected: str
) -> None:
    done = token(tmp_path, redirected, "create", "--user", "ada")
    assert (done.returncode, done.stderr) == (0, "")
    assert KEY.fullmatch(done.stdout)
    assert [entry["state"] for entry in json.loads(token(tmp_path, "", "list", "--json").stdout)] == ["open"]


@pytest.mark.parametrize(
    ("redirected", "why"), [(">&-", "stdout is closed"), (">/dev/full", "No space left on device")]
)
def test_a_list_that_could_not_be_shown_is_a_sentence(tmp_path: Path, redirected: str, why: str) -> None:
    done = token(tmp_path, redirected, "list")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"The list could not be shown ({why}).\n")
