"""A value of the shared state as text to look at and to edit: indented JSON in which nothing is invisible."""

from __future__ import annotations

import json
from math import isfinite
from typing import NoReturn

from client.core.visible_text import escaped, visible
from shared.errors import RingbackError
from shared.json_types import JsonObject, JsonValue

MOST_LEVELS = 100
"""How deeply a value may be nested; a Ringback keeps less."""
_TOO_DEEP = "This value is nested too deeply."
_EXAMPLE = 'such as {"name": "blue"}'
_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


class UnfitValueError(RingbackError):
    """The text is no value that can be kept; the sentence says what and where."""


def state_text(data: JsonObject) -> str:
    """Indented JSON. Invisible and controlling characters stand as JSON's escapes, so that nothing of them is lost.

    Raises:
        UnfitValueError: if it is nested too deeply to be written.
    """
    if _is_deeper(data, MOST_LEVELS):
        raise UnfitValueError(_TOO_DEEP)
    return escaped(json.dumps(data, ensure_ascii=False, indent=2))


def one_line_text(data: JsonObject, limit: int) -> str:
    """The same in one line of at most ``limit`` characters, with an ellipsis if cut."""
    line = escaped(json.dumps(data, ensure_ascii=False))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def read_state_text(text: str) -> JsonObject:
    """The value that the person wrote.

    Raises:
        UnfitValueError: if it is no JSON object, or holds what cannot be kept as it is.
    """
    if not text.strip():
        raise UnfitValueError(f"Nothing is written. Write a JSON object, {_EXAMPLE}.")
    data = _parsed(text)
    if not isinstance(data, dict):
        raise UnfitValueError(f"The value must be a JSON object, {_EXAMPLE}; this is {_KINDS[type(data)]}.")
    try:
        state_text(data)
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UnfitValueError("A text in it holds half a character (\\ud800 to \\udfff); it cannot be sent.") from None
    return data


def same_value(one: JsonObject | None, other: JsonObject | None) -> bool:
    """Whether two values are the same JSON: ``1``, ``1.0`` and ``true`` are three, the order of keys does not count."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _parsed(text: str) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(
            text, object_pairs_hook=_without_twins, parse_constant=_no_number, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" starting at").removesuffix(" at")
        place = f"line {error.lineno}, column {error.colno}"
        raise UnfitValueError(f"No JSON yet, {place}: {what[0].lower()}{what[1:]}.") from error
    except RecursionError:
        raise UnfitValueError(_TOO_DEEP) from None
    except ValueError:
        raise UnfitValueError("A number in it has too many digits to be kept.") from None
    return parsed


def _is_deeper(data: JsonObject, levels: int) -> bool:
    inner: list[JsonValue] = [data]
    for _ in range(levels + 1):
        objects = [value for value in inner if isinstance(value, dict)]
        lists = [value for value in inner if isinstance(value, list)]
        inner = [value for found in objects for value in found.values()] + [value for found in lists for value in found]
    return bool(inner)


def _without_twins(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    data: JsonObject = {}
    for name, value in pairs:
        if name in data:
            raise UnfitValueError(f'"{visible(name, keep="")}" stands twice in one object; only one could be kept.')
        data[name] = value
    return data


def _no_number(word: str) -> NoReturn:
    raise UnfitValueError(f"{word} is no number in JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise UnfitValueError(f"{digits[:20]} is too large a number to be kept.")
    return number
