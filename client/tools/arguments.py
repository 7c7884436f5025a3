"""Checks a call's arguments against its tool's JSON Schema, as far as our catalogue uses that language."""

from __future__ import annotations

from client.tools.failure import ToolFailedError
from shared.json_types import JsonObject, JsonValue
from shared.tool_spec import ToolSpec

_TYPES: dict[str, tuple[type, ...]] = {"integer": (int,), "string": (str,)}


def check_arguments(spec: ToolSpec, arguments: JsonObject) -> None:
    """Lets arguments through that fit ``spec.input_schema``.

    Raises:
        ToolFailedError: for the first thing that does not fit; the sentence names the argument.
    """
    properties = spec.input_schema["properties"]
    required = spec.input_schema["required"]
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise TypeError(f"the schema of {spec.name} was not made with object_schema")
    for name in required:
        if name not in arguments:
            raise ToolFailedError(f"{spec.name} needs the argument {name}.")
    for name, value in arguments.items():
        schema = properties.get(name)
        if not isinstance(schema, dict):
            known = ", ".join(properties) or "none"
            raise ToolFailedError(f"{spec.name} has no argument {name!r}. Its arguments: {known}.")
        reason = _misfit(schema, value)
        if reason is not None:
            raise ToolFailedError(f"The argument {name} of {spec.name} {reason}.")


def text(arguments: JsonObject, name: str) -> str:
    """A checked argument that is text."""
    value = arguments[name]
    if not isinstance(value, str):
        raise TypeError(f"the argument {name} was not checked")
    return value


def number(arguments: JsonObject, name: str) -> int:
    """A checked argument that is a whole number."""
    value = arguments[name]
    if not isinstance(value, int):
        raise TypeError(f"the argument {name} was not checked")
    return value


def _misfit(schema: JsonObject, value: JsonValue) -> str | None:
    kind = schema["type"]
    if not isinstance(kind, str) or kind not in _TYPES:
        raise TypeError(f"arguments of type {kind!r} cannot be checked yet")
    if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
        return f"must be {'an' if kind == 'integer' else 'a'} {kind}"
    minimum = schema.get("minimum")
    if isinstance(minimum, int) and isinstance(value, int) and value < minimum:
        return f"must be at least {minimum}, and {value} is less"
    maximum = schema.get("maximum")
    if isinstance(maximum, int) and isinstance(value, int) and value > maximum:
        return f"must be at most {maximum}, and {value} is more"
    words = schema.get("enum")
    if isinstance(words, list) and value not in words:
        return f"must be one of {', '.join(map(str, words))}"
    shortest = schema.get("minLength")
    if isinstance(shortest, int) and isinstance(value, str) and len(value) < shortest:
        return "must not be empty"
    return None
