"""How a log line is written on both sides: nothing in it drives a terminal, and nothing in it opens anything."""

from __future__ import annotations

import logging

from shared.redaction import redacted
from shared.visible_text import logged


class PlainFormatter(logging.Formatter):
    """One line per message; nothing in it or its traceback opens anything, or would be obeyed by a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the library's name)
        """The first line, with the message's own line breaks made visible."""
        record.message = record.message.replace("\n", "\\n")
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """The line and, where there is one, the traceback below it."""
        return logged(redacted(super().format(record)))
