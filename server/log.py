"""Log lines as ``event key=value …``: made for people and for ``grep``, with nothing secret in them."""

from __future__ import annotations

import json
import logging


def say(logger: logging.Logger, event: str, **fields: str | float) -> None:
    """Log ``event`` at INFO with its fields; a value with spaces or quotes is written as a JSON string."""
    logger.info("%s %s", event, " ".join(f"{key}={_word(value)}" for key, value in fields.items()))


def _word(value: str | float) -> str:
    text = str(value)
    is_plain = text.isprintable() and text and not set(text) & set(' "=\\')
    return text if is_plain else json.dumps(text)
