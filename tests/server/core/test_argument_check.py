"""What a tool's schema says of arguments that a person changed."""

from __future__ import annotations

import pytest

from server.core.argument_check import MOST_VALUES, misfit
from shared.catalog import FRONTEND_TOOLS
from shared.json_types import JsonObject, JsonValue
from shared.tool_spec import object_schema


def of_x(schema: JsonValue) -> JsonObject:
    return object_schema(x=schema)  # type: ignore[arg-type]  # also what is no schema


@pytest.mark.parametrize(
    ("name", "fitting", "others"),
    [
        ("object", [{}], [[], "", 1, True, None]),
        ("array", [[]], [{}, "", 1, True, None]),
        ("string", [""], [{}, [], 1, True, None]),
        ("boolean", [True, False], [{}, [], "", 0, 1, None]),
        ("null", [None], [{}, [], "", 0, False]),
        ("integer", [1, -1, 2.0, 2**70], [{}, [], "1", 1.5, True, None]),
        ("number", [1, 1.5], [{}, [], "1", True, None]),
    ],
)
def test_each_type_takes_what_it_means_and_nothing_else(
    name: str, fitting: list[JsonValue], others: list[JsonValue]
) -> None:
    assert [misfit({"x": value}, of_x({"type": name})) for value in fitting] == [""] * len(fitting)
    wrong = f"x must be of type {name}"
    assert [misfit({"x": value}, of_x({"type": name})) for value in others] == [wrong] * len(others)


@pytest.mark.parametrize(
    ("schema", "value", "wrong"),
    [
        ({"type": ["string", "null"]}, None, ""),
        ({"type": ["string", "null"]}, 1, "x must be of type string or null"),
        ({"enum": ["a", 1]}, "a", ""),
        ({"enum": ["a", 1]}, "b", "x must be one of those that the tool knows"),
        ({"enum": ["a", 1]}, True, "x must be one of those that the tool knows"),
        ({"const": 3}, 3, ""),
        ({"const": 3}, 4, "x must be as the tool says"),
        ({"minimum": 2, "maximum": 3}, 1, "x must be at least 2"),
        ({"minimum": 2, "maximum": 3}, 3.5, "x must be at most 3"),
        ({"minimum": 2}, True, ""),
        ({"minLength": 2}, "a", "x must have at least 2 characters"),
        ({"maxLength": 2}, "abc", "x must have at most 2 characters"),
        ({"minItems": 1}, [], "x must have at least 1 items"),
        ({"maxItems": 1}, [1, 2], "x must have at most 1 items"),
        ({"items": {"type": "integer"}}, [1, "2"], "x[1] must be of type integer"),
        ({"properties": {"y": {"type": "integer"}}}, {"y": "1"}, "x.y must be of type integer"),
        ({"properties": {"y": {}}, "required": ["y"]}, {}, "x must have y"),
        ({"properties": {"y": {}}, "additionalProperties": False}, {"z": 1}, "x must not have z"),
        ({"additionalProperties": False, "patternProperties": {".": {}}}, {"z": 1}, ""),
        ({"type": "object"}, {"z": 1}, ""),
    ],
)
def test_what_the_words_of_a_schema_say(schema: JsonObject, value: JsonValue, wrong: str) -> None:
    assert misfit({"x": value}, of_x(schema)) == wrong


@pytest.mark.parametrize(
    "schema",
    [
        *(True, None, 5, "integer", [], {}),
        {"type": 5},
        {"type": "colour"},
        {"properties": [], "required": 5, "items": [], "enum": {}},
        {"minimum": "1", "maximum": None},
        {"$ref": "https://example.org/schema", "pattern": "(a+)+$"},
    ],
)
def test_what_is_not_known_or_makes_no_sense_refuses_nothing(schema: JsonValue) -> None:
    values: tuple[JsonValue, ...] = (1, "a", [1], {"y": 1}, None)
    for value in values:
        assert misfit({"x": value}, of_x(schema)) == ""


def test_what_has_more_values_than_can_be_looked_at_is_refused() -> None:
    schema = of_x({"items": {"type": "integer"}})
    assert misfit({"x": [1] * (MOST_VALUES - 3)}, schema) == ""
    assert "cannot be looked at" in misfit({"x": [1] * MOST_VALUES}, schema)


def test_a_long_name_is_cut_short() -> None:
    assert len(misfit({"n" * 10_000: 1}, object_schema())) < 200


def test_the_tools_of_the_catalogue_say_what_they_need() -> None:
    assert {spec.name: misfit({}, spec.input_schema) for spec in FRONTEND_TOOLS if spec.input_schema["required"]} == {
        "change_bgm": "the whole must have track",
        "copy_to_clipboard": "the whole must have text",
        "notify": "the whole must have message",
        "read_file": "the whole must have path",
        "write_file": "the whole must have path",
        "run_command": "the whole must have command",
        "open_url": "the whole must have url",
    }
