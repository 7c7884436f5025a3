"""What commands print: text, whatever names, errors and arguments have in them."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from shared.plain_stream import plain
from tests.journeys.server_process import environment

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u200b\r"
FORBIDDEN = set(HOSTILE) - set("]0;owned[2J31m")


def test_what_is_printed_stays_text_and_lines_stay_lines() -> None:
    stream = io.StringIO()
    out = plain(stream)
    assert out is not None
    print("a\x1b[31m", "b\u202e", sep="\n", file=out)
    out.writelines(["c\x07", "\n"])
    assert stream.getvalue() == "a⟨ESC⟩[31m\nb⟨U+202E⟩\nc⟨BEL⟩\n"


def test_a_closed_stream_stays_closed() -> None:
    assert plain(None) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-option" + HOSTILE],
        ["reset", "--yes", "--connect", HOSTILE],
        ["token", "create", "--user", HOSTILE],
        ["token", HOSTILE],
        ["serve", "--socket", f"/dev/null/{HOSTILE}/s"],
    ],
)
def test_no_command_repeats_what_a_terminal_would_obey(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "client", *arguments],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=60, env=environment(tmp_path), check=False,
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode("utf-8")
    assert done.returncode != 0
    assert said.strip()
    assert "Traceback" not in said
    assert not FORBIDDEN & set(said), ascii(said)


def test_a_name_out_of_the_environment_is_text_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "client"],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
        env={**environment(tmp_path), "RINGBACK_DEVICE": f"x{HOSTILE}", "RINGBACK_THEME": HOSTILE},
    )  # fmt: skip
    assert not FORBIDDEN & set((done.stdout + done.stderr).decode("utf-8"))
