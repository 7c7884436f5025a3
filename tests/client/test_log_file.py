"""The client's log."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from client.log_file import log_to

pytestmark = pytest.mark.usefixtures("logging_put_back")


def test_a_line_makes_the_file_and_it_is_the_persons_own(tmp_path: Path) -> None:
    path = log_to(tmp_path / "state")
    assert not path.parent.exists(), "nothing to say, no file"
    logging.getLogger("client.x").info("it began")
    assert "it began" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_log_that_cannot_be_written_stops_nothing_and_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").touch()
    log_to(tmp_path / "state")
    logging.getLogger("client.x").error("lost")
    logging.getLogger("client.x").error("broken %d", "format")
    assert capfd.readouterr() == ("", "")
