"""What can be kept in the shared state: its keys, its documents, and how both are written down. Pure.

A document is a JSON object. It is written as JSON in ASCII, so every character of Unicode, halves of surrogate pairs
included, survives every database; and numbers come back as they went in: 1, 1.0 and true are three things.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import TypeAlias

from server.core.json_depth import MAX_DEPTH
from shared.errors import StateError
from shared.json_types import JsonObject, JsonValue

MAX_NAME = 200
"""Longest key or field name in characters."""
MAX_DOCUMENT = 262_144
"""Longest document in bytes, as it is written down."""
MAX_DIGITS = 4_000
"""Longest whole number in digits: Python reads no longer ones."""

_ESCAPE = "%"
_PLAIN = (str, int, float, bool, type(None))
"""Exactly these: what derives from them, such as an enum's member, would come back as something else."""
_TOO_LARGE = f"All that is kept under one key takes at most {MAX_DOCUMENT:,} bytes; this takes more."
_TOO_LONG_NUMBER = 10**MAX_DIGITS
_TWO_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
"""What JSON cannot tell from the one character that both halves make."""
_STEPS_SHOWN = 3
_SHOWN = 40
"""How many steps of a place an error shows, and how much of a field's name, in characters."""

Trail: TypeAlias = "tuple[Trail, str | int] | None"
"""How a value is reached from the document: the trail to what it is in, and its place in there."""


def checked_name(what: str, name: object) -> str:
    """``name`` itself, if it can be a key or a field name; ``what`` says which, in the error.

    Raises:
        StateError: if it is no text, empty or too long.
    """
    if type(name) is not str:
        raise StateError(f"A {what} is a text, not {type(name).__name__}.")
    if not name or len(name) > MAX_NAME:
        raise StateError(f"A {what} has 1 to {MAX_NAME} characters; this one has {len(name)}.")
    if _TWO_HALVES.search(name):
        raise StateError(f"A {what} holds a character in two halves; write it as one.")
    return name


def checked_ttl(ttl: object) -> float | None:
    """A time to live in seconds, or ``None`` for none.

    Raises:
        StateError: if it is no finite number above 0.
    """
    if ttl is None:
        return None
    if type(ttl) not in {int, float}:
        raise StateError(f"A time to live is a number of seconds above 0, not {type(ttl).__name__}.")
    try:
        seconds = float(ttl)  # type: ignore[arg-type]  # an int or a float
    except OverflowError:
        seconds = math.inf
    if not 0 < seconds < math.inf:
        raise StateError(f"A time to live is a number of seconds above 0, not {seconds:g}.")
    return seconds


def encode(document: object) -> str:
    """``document`` written down.

    Raises:
        StateError: if it is no JSON object that would come back the same, or too large; the sentence names the place.
    """
    if type(document) is not dict:
        raise StateError(f"What is kept under a key is a JSON object, not {type(document).__name__}.")
    for name in document:
        checked_name("field name", name)
    _check(document)
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > MAX_DOCUMENT:
        raise StateError(_TOO_LARGE)
    return text


def decode(text: str) -> JsonObject:
    """The document that was written down as ``text``."""
    document: JsonObject = json.loads(text)
    return document


def is_same(one: JsonValue, other: JsonValue) -> bool:
    """Whether both are the same value of the same type; the order of an object's fields does not matter."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def escape(key: str) -> str:
    """``key`` in characters that every database takes; two different keys never become the same."""
    return "".join(_escaped(character) if _is_refused(character) else character for character in key)


def unescape(text: str) -> str:
    """The key that was escaped as ``text``."""
    parts = text.split(_ESCAPE)
    return parts[0] + "".join(chr(int(part[:4], 16)) + part[4:] for part in parts[1:])


def _is_refused(character: str) -> bool:
    return character in {_ESCAPE, "\0"} or "\ud800" <= character <= "\udfff"


def _escaped(character: str) -> str:
    return f"{_ESCAPE}{ord(character):04x}"


def _check(document: object) -> None:
    # Not recursive, and over as soon as it is sure to be too large: a giant value must not stop the event loop.
    size = 0
    left: list[tuple[object, int, Trail]] = [(document, 0, None)]
    while left:
        value, depth, trail = left.pop()
        size += len(value) + 2 if isinstance(value, str) else 1
        if size > MAX_DOCUMENT:
            raise StateError(_TOO_LARGE)
        if type(value) is dict or type(value) is list:
            if depth > MAX_DEPTH:
                raise StateError(f"{_place(trail)} is nested more than {MAX_DEPTH} deep.")
            if len(value) > MAX_DOCUMENT // 2:
                raise StateError(_TOO_LARGE)
            left.extend((item, depth + 1, (trail, at)) for at, item in _parts(value, trail))
        else:
            _check_plain(value, trail)


def _parts(value: object, trail: Trail) -> Iterable[tuple[str | int, object]]:
    if not isinstance(value, dict):
        return enumerate(value)  # type: ignore[arg-type]  # a list
    for name in value:
        if type(name) is not str:
            raise StateError(f"{_place(trail)} has a field named by {type(name).__name__}; a field's name is a text.")
        _check_text(name, (trail, name))
    return value.items()


def _check_plain(value: object, trail: Trail) -> None:
    if type(value) not in _PLAIN:
        raise StateError(f"{_place(trail)} is of the type {type(value).__name__}, which is no JSON value.")
    if isinstance(value, float) and not math.isfinite(value):
        raise StateError(f"{_place(trail)} is {value}, which is no JSON number.")
    if isinstance(value, int) and abs(value) >= _TOO_LONG_NUMBER:
        raise StateError(f"{_place(trail)} is a number of more than {MAX_DIGITS:,} digits.")
    if isinstance(value, str):
        _check_text(value, trail)


def _check_text(text: str, trail: Trail) -> None:
    if _TWO_HALVES.search(text):
        raise StateError(f"{_place(trail)} holds a character in two halves; write it as one.")


def _place(trail: Trail) -> str:
    parts: list[str] = []
    while trail is not None:
        trail, at = trail
        parts.append(f"[{at}]" if isinstance(at, int) else f".{_shown(at)}")
    steps = parts[::-1]
    return "The value" + "".join(steps[:_STEPS_SHOWN]) + (" …" if len(steps) > _STEPS_SHOWN else "")


def _shown(name: str) -> str:
    short = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    return "".join(character if character.isprintable() else "\ufffd" for character in short)
