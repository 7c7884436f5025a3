"""Where log lines go: a file of the person's own that is begun anew before it grows too long, and stderr."""

from __future__ import annotations

import copy
import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from server.process.private_files import given_folder
from shared.errors import DataFolderError
from shared.plain_log import PlainFormatter

MAX_BYTES = 5_000_000
KEPT = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class ShortFormatter(PlainFormatter):
    """The line alone: a traceback is for the log file, not for the person who looks on."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a traceback."""
        short = copy.copy(record)
        short.exc_info = short.exc_text = short.stack_info = None
        return super().format(short)


class OwnFileHandler(RotatingFileHandler):
    """Its files are 0600."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self.baseFilename, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding="utf-8", errors="backslashreplace")


def log_to(file: Path, *, to_stderr: bool, is_verbose: bool = False) -> None:
    """Begin to log: our own lines from INFO on, other libraries' from WARNING on; ``is_verbose`` is all there is.

    Raises:
        DataFolderError: if the file cannot be made.
    """
    given_folder(file.parent)
    try:
        handlers: list[logging.Handler] = [OwnFileHandler(file, maxBytes=MAX_BYTES, backupCount=KEPT)]
    except OSError as error:
        reason = f"The log {file} cannot be written: {error.strerror}. Name another one with --log-file."
        raise DataFolderError(reason) from error
    handlers[0].setFormatter(PlainFormatter(FORMAT))
    if to_stderr:
        shown = logging.StreamHandler(sys.stderr)
        shown.setFormatter(ShortFormatter(FORMAT))
        handlers.append(shown)
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(logging.DEBUG if is_verbose else logging.WARNING)
    logging.getLogger("server").setLevel(logging.DEBUG if is_verbose else logging.INFO)
    # It logs a traceback for each peer that hangs up early; what counts is ours.
    logging.getLogger("websockets").setLevel(logging.DEBUG if is_verbose else logging.CRITICAL)
    # It logs the values of each statement, and so all that is said.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
