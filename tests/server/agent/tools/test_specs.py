"""What models are told about the server's own tools: schemas that strict providers take, and risks for people."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest

from server.agent.backend_tool import BackendTool
from server.agent.models.demo_sentences import understand
from server.agent.tools import BACKEND_TOOLS
from server.core.policy import RESERVED, Policy
from server.core.policy_rules import Rule
from shared.json_types import JsonObject

TOOLS = pytest.mark.parametrize("tool", BACKEND_TOOLS, ids=lambda tool: tool.name)
ALL_TAKE = {"type", "description", "properties", "required", "additionalProperties", "items", "enum"}
BOUNDS = {"minLength", "maxLength", "maxItems"}
"""Gemini reads past them, OpenAI and Anthropic take them."""


def nodes(schema: JsonObject) -> Iterator[JsonObject]:
    yield schema
    inner = [*schema["properties"].values()] if isinstance(schema.get("properties"), dict) else []  # type: ignore[union-attr]
    for node in (*inner, schema.get("items")):
        if isinstance(node, dict):
            yield from nodes(node)


@TOOLS
def test_its_schema_is_one_and_uses_only_what_every_provider_takes(tool: BackendTool) -> None:
    jsonschema.Draft202012Validator.check_schema(tool.spec.input_schema)
    for node in nodes(tool.spec.input_schema):
        assert set(node) <= ALL_TAKE | BOUNDS
        match node.get("type"):
            case "object":
                assert node["additionalProperties"] is False
                assert set(node["required"]) <= set(node["properties"])  # type: ignore[arg-type]
            case "array":
                assert isinstance(node["items"], dict), "OpenAI and Gemini refuse a list of nothing"
            case None:
                assert set(node) == {"description"}, "any value at all: providers take that, but no union with words"
            case kind:
                assert isinstance(kind, str), "Gemini refuses a list of types"


@TOOLS
def test_the_person_is_told_what_it_does_to_them(tool: BackendTool) -> None:
    assert tool.spec.risk.endswith(".")
    assert "not known" not in tool.spec.risk


def test_only_forget_asks_and_no_other_tool_may_take_a_name() -> None:
    specs = {tool.name: tool.spec for tool in BACKEND_TOOLS}
    assert specs.keys() == RESERVED
    assert {name for name, spec in specs.items() if Policy().decide(spec, {}).rule is Rule.ASK} == {"forget"}
    assert {tool.name for tool in BACKEND_TOOLS if tool.spec.kind == "delete"} == {"forget"}


@pytest.mark.parametrize(
    "sentence",
    [
        "remember colour: blue",
        "remember tags: [1, null, {}]",
        "recall",
        "recall colour",
        "forget colour",
        "plan: buy milk, ship",
    ],
)
def test_what_the_demo_model_asks_for_is_as_the_schema_says(sentence: str) -> None:
    step = understand(sentence)
    assert step is not None
    (call,) = step.calls
    (schema,) = (tool.spec.input_schema for tool in BACKEND_TOOLS if tool.name == call.name)
    jsonschema.validate(call.arguments, schema)
