"""Where log lines go: a file of the person's own that is begun anew before it grows too long, and stderr."""

from __future__ import annotations

import copy
import logging
import os
import re
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from server.process.private_files import given_folder
from shared.errors import DataFolderError

MAX_BYTES = 5_000_000
KEPT = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class PlainFormatter(logging.Formatter):
    """One line per message, and nothing in it or its traceback that a terminal would obey."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the library's name)
        """The first line, with the message's own line breaks made visible."""
        record.message = record.message.replace("\n", "\\n")
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """The line and, where there is one, the traceback below it."""
        return CONTROL.sub(lambda found: ascii(found[0])[1:-1], super().format(record))


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


def log_to(file: Path, *, to_stderr: bool) -> None:
    """Begin to log: our own lines from INFO on, other libraries' from WARNING on.

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
    root.setLevel(logging.WARNING)
    logging.getLogger("server").setLevel(logging.INFO)
    # It logs headers, and so tokens, at DEBUG, and a traceback for each peer that hangs up early; what counts is ours.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    logging.captureWarnings(capture=True)
