"""Whether arguments that a person changed fit a tool's JSON Schema, as far as that is told in plain words. Pure.

Schemas come from clients: patterns and references in them are not followed, and what is not known refuses nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from shared.json_types import JsonObject, JsonValue

MOST_VALUES = 10_000
"""How many values are looked at before it is given up."""
MOST_NAME = 100
"""How much of a name that the person typed is repeated, in characters."""

_TYPES: dict[str, Callable[[JsonValue], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: not isinstance(value, bool) and (isinstance(value, int) or _is_whole(value)),
}


def misfit(arguments: JsonObject, schema: JsonObject) -> str:
    """What is wrong with the first that does not fit, such as ``track must be of type integer``; empty if all fit."""
    left: deque[tuple[str, JsonValue, JsonValue]] = deque([("", arguments, schema)])
    for _ in range(MOST_VALUES):
        if not left:
            return ""
        place, value, wanted = left.popleft()
        if not isinstance(wanted, dict):
            continue
        wrong = _wrong(value, wanted)
        if wrong:
            return f"{place or 'the whole'} {wrong}"
        left.extend(_inner(place, value, wanted))
    return f"more than {MOST_VALUES:,} values cannot be looked at"


def _wrong(value: JsonValue, schema: JsonObject) -> str:
    told = schema.get("type")
    types = [name for name in (told if isinstance(told, list) else [told]) if isinstance(name, str)]
    if types and not any(_TYPES.get(name, _anything)(value) for name in types):
        return f"must be of type {' or '.join(types)}"
    return _wrong_choice(value, schema) or _wrong_size(value, schema)


def _wrong_choice(value: JsonValue, schema: JsonObject) -> str:
    if "const" in schema and not _is_one_of(value, [schema["const"]]):
        return "must be as the tool says"
    among = schema.get("enum")
    if isinstance(among, list) and not _is_one_of(value, among):
        return "must be one of those that the tool knows"
    return ""


def _wrong_size(value: JsonValue, schema: JsonObject) -> str:
    match value:
        case dict():
            return _wrong_names(value, schema)
        case str():
            return _beyond(len(value), schema, "minLength", "maxLength", "characters")
        case list():
            return _beyond(len(value), schema, "minItems", "maxItems", "items")
        case int() | float() if not isinstance(value, bool):
            return _beyond(value, schema, "minimum", "maximum")
        case _:
            return ""


def _wrong_names(value: JsonObject, schema: JsonObject) -> str:
    required, known = schema.get("required"), schema.get("properties")
    for name in required if isinstance(required, list) else ():
        if name not in value:
            return f"must have {_short(name)}"
    if schema.get("additionalProperties") is False and "patternProperties" not in schema:
        for name in value:
            if not isinstance(known, dict) or name not in known:
                return f"must not have {_short(name)}"
    return ""


def _beyond(size: float, schema: JsonObject, least: str, most: str, of: str = "") -> str:
    lowest, highest = schema.get(least), schema.get(most)
    if isinstance(lowest, int | float) and size < lowest:
        return f"must have at least {lowest} {of}" if of else f"must be at least {lowest}"
    if isinstance(highest, int | float) and size > highest:
        return f"must have at most {highest} {of}" if of else f"must be at most {highest}"
    return ""


def _inner(place: str, value: JsonValue, schema: JsonObject) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    known, each = schema.get("properties"), schema.get("items")
    if isinstance(value, dict) and isinstance(known, dict):
        for name, one in value.items():
            if name in known:
                yield f"{place}.{_short(name)}" if place else _short(name), one, known[name]
    elif isinstance(value, list) and isinstance(each, dict):
        for number, one in enumerate(value):
            yield f"{place}[{number}]", one, each


def _is_one_of(value: JsonValue, among: list[JsonValue]) -> bool:
    # In Python, true and 1 are equal.
    return any(value == one and isinstance(value, bool) is isinstance(one, bool) for one in among)


def _is_whole(value: JsonValue) -> bool:
    return isinstance(value, float) and value.is_integer()


def _anything(_: JsonValue) -> bool:
    return True


def _short(name: JsonValue) -> str:
    return str(name)[:MOST_NAME]
