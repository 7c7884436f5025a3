"""The client's log: a file of the person's own, because the terminal belongs to the screen."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from pathlib import Path

from shared.plain_log import PlainFormatter

LOG_NAME = "client.log"
FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class LogFile(logging.FileHandler):
    """Makes its file (0600, in a folder 0700) with the first line that is written to it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        self.path = path
        self.setFormatter(PlainFormatter(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; a log that cannot be written must not end what it tells about."""
        with contextlib.suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Say nothing: what logging would write to the terminal would end up in the middle of the screen."""

    def _open(self) -> io.TextIOWrapper:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def log_to(state_folder: Path) -> Path:
    """Send all log lines of this program to its file, and none to the terminal; the file's path."""
    handler = LogFile(state_folder / LOG_NAME)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("client").setLevel(logging.INFO)
    return handler.path
