"""The JSON Schema of a tool's arguments, without what only repeats the names."""

from __future__ import annotations

from typing import Any

_BY_NAME = ("properties", "patternProperties", "$defs", "dependentSchemas")
"""Words of JSON Schema whose value is an object of schemas, each under a name that is not ours to touch."""

_ONE_OR_MORE = (
    "items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties", "propertyNames", "contains", "not",
)  # fmt: skip
"""Words whose value is a schema or a list of them. Values such as defaults and examples are not schemas."""

NOT_AN_OBJECT = "Its arguments are no JSON object: give it fields, each an argument with a name of its own."
"""What is wrong with a tool whose schema is of another type."""


def argument_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` without titles, and without a description of its own: the tool has that already."""
    return {word: value for word, value in _untitled(schema).items() if word != "description"}


def _untitled(schema: Any) -> Any:  # noqa: ANN401  (any JSON)
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {word: _inner(word, value) for word, value in schema.items() if word != "title"}


def _inner(word: str, value: Any) -> Any:  # noqa: ANN401  (any JSON)
    if word in _BY_NAME:
        return {name: _untitled(one) for name, one in value.items()}
    return _untitled(value) if word in _ONE_OR_MORE else value
