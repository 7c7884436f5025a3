"""Log lines: where they go, and what they cannot do to a terminal."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.process.log_files import FORMAT, OwnFileHandler, ShortFormatter, log_to
from shared.errors import DataFolderError
from shared.plain_log import PlainFormatter


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours, theirs = (logging.getLogger(name) for name in ("", "server", "websockets"))
    before = root.handlers[:], root.level, ours.level, theirs.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:] = before[0]
    for logger, level in zip((root, ours, theirs), before[1:], strict=True):
        logger.setLevel(level)
    logging.captureWarnings(capture=False)


def test_our_lines_are_kept_from_info_on_and_others_from_warning_on(tmp_path: Path) -> None:
    file = tmp_path / "state" / "server.log"
    log_to(file, to_stderr=False)
    logging.getLogger("server.gateway").info("ours")
    logging.getLogger("sqlalchemy").info("not kept")
    logging.getLogger("sqlalchemy").warning("theirs")
    logging.getLogger("websockets.server").error("headers")
    lines = file.read_text().splitlines()
    assert [line.split(maxsplit=2)[2] for line in lines] == [
        "INFO server.gateway ours",
        "WARNING sqlalchemy theirs",
    ]


def test_the_log_is_its_owners_alone_also_after_it_was_begun_anew(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        handler = OwnFileHandler(tmp_path / "server.log", maxBytes=100, backupCount=1)
        for _ in range(5):
            handler.emit(logging.makeLogRecord({"msg": "x" * 60}))
        handler.close()
    finally:
        os.umask(before)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "server.log": 0o600,
        "server.log.1": 0o600,
    }


def test_a_message_is_one_line_that_no_terminal_obeys() -> None:
    record = logging.makeLogRecord({"msg": "a\x1b]52;c;eA==\x07\x9b31m\u202eb\nforged", "levelname": "INFO"})
    line = PlainFormatter("%(message)s").format(record)
    assert line == "a\\x1b]52;c;eA==\\x07\\x9b31m\\u202eb\\nforged"


def test_a_traceback_is_for_the_file_and_not_for_the_one_who_looks_on() -> None:
    with pytest.raises(ValueError, match="broken") as caught:
        int("broken\x1b[31m")
    failure = (ValueError, caught.value, caught.value.__traceback__)
    record = logging.makeLogRecord({"msg": "failed", "exc_info": failure})
    kept = PlainFormatter(FORMAT).format(record)
    assert "Traceback" in kept
    assert "\x1b" not in kept
    assert "Traceback" not in ShortFormatter(FORMAT).format(record)


def test_a_log_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="--log-file"):
        log_to(tmp_path, to_stderr=False)
