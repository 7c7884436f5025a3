"""What a tool may return: JSON, not too long and not too deep, and a copy of it."""

from __future__ import annotations

from enum import Enum

import pytest

from server.core.json_depth import MAX_DEPTH
from server.core.tool_failure import ToolFailedError
from server.core.tool_result import MAX_RESULT, as_result
from shared.json_types import JsonValue


def nested(depth: int, *, in_objects: bool) -> JsonValue:
    value: JsonValue = 1
    for _ in range(depth):
        value = {"a": value} if in_objects else [value]
    return value


def test_an_object_is_the_result_and_anything_else_is_under_result() -> None:
    assert as_result({"count": 1}) == {"count": 1}
    assert as_result({}) == {}
    for value in (None, False, 0, 1.5, "", "text", [], [{"a": 1}]):
        assert as_result(value) == {"result": value}


def test_it_is_a_copy() -> None:
    kept = {"deep": [1]}
    result = as_result(kept)
    kept["deep"].append(2)
    assert result == {"deep": [1]}


def test_what_json_writes_otherwise_is_as_json_has_it() -> None:
    assert as_result({1: (True, "a")}) == {"1": [True, "a"]}


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", Enum("Colour", "RED"), float("nan"), {(1, 2): 3}])
def test_what_is_not_json_is_a_bug_of_the_tool(value: object) -> None:
    with pytest.raises(TypeError, match="is not JSON"):
        as_result({"value": value})


def test_an_object_that_holds_itself_is_not_json() -> None:
    ring: dict[str, object] = {}
    ring["ring"] = ring
    with pytest.raises(TypeError, match="is not JSON"):
        as_result(ring)


@pytest.mark.parametrize("in_objects", [True, False])
def test_it_may_be_nested_as_deep_as_what_is_kept(in_objects: bool) -> None:
    assert as_result({"value": nested(MAX_DEPTH - 1, in_objects=in_objects)})
    for depth in (MAX_DEPTH, 100_000):
        with pytest.raises(ToolFailedError, match="nested more than 64 deep"):
            as_result({"value": nested(depth, in_objects=in_objects)})


def test_it_may_be_as_long_as_a_mebibyte_in_writing() -> None:
    frame = len('{"result": ""}') - len('{"result": }')
    assert as_result("x" * (MAX_RESULT - frame))
    with pytest.raises(ToolFailedError, match="takes 1,048,577 bytes, and at most 1,048,576"):
        as_result("x" * (MAX_RESULT - frame + 1))
    with pytest.raises(ToolFailedError, match="bytes"):
        as_result("\N{GRINNING FACE}" * (MAX_RESULT // 4))
