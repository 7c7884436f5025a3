"""A schema for the model: no titles that repeat the names, and nothing of the tool's own words touched."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from server.core.argument_schema import argument_schema


class Place(BaseModel):
    """Where something is."""

    title: str = Field(title="The title", description="What it is called")
    kind: Literal["home", "work"] = "home"


class Journey(BaseModel):
    """From place to place."""

    title: str
    by: dict[str, Place] = {}
    stops: list[Place] = Field(default=[], examples=[[{"title": "home"}]])
    pair: tuple[int, Place | None] = (1, None)
    properties: dict[str, str] = {"title": "kept"}


def titles(schema: object) -> list[object]:
    """The titles that are words of the schema: those beside a type, not names of arguments."""
    if isinstance(schema, list):
        return [found for one in schema for found in titles(one)]
    if not isinstance(schema, dict):
        return []
    own = [schema["title"]] if isinstance(schema.get("title"), str) else []
    return own + [found for word, one in schema.items() if word not in ("default", "examples") for found in titles(one)]


def test_no_title_is_left_however_deep_and_every_argument_is() -> None:
    whole: dict[str, Any] = Journey.model_json_schema()
    assert titles(whole), "there are some"
    schema = argument_schema(whole)
    assert titles(schema) == []
    assert list(schema["properties"]) == ["title", "by", "stops", "pair", "properties"]
    assert schema["required"] == ["title"]
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["$defs"]["Place"]["properties"]["title"] == {"type": "string", "description": "What it is called"}
    assert schema["$defs"]["Place"]["description"] == "Where something is."


def test_values_of_the_tools_own_are_not_touched() -> None:
    schema = argument_schema(Journey.model_json_schema())
    assert schema["properties"]["stops"]["examples"] == [[{"title": "home"}]]
    assert schema["properties"]["properties"]["default"] == {"title": "kept"}


def test_the_description_of_the_whole_is_the_tools_and_is_said_there() -> None:
    assert "description" in Journey.model_json_schema()
    assert "description" not in argument_schema(Journey.model_json_schema())


def test_the_schema_that_was_given_stays_as_it_was() -> None:
    whole: dict[str, Any] = Journey.model_json_schema()
    argument_schema(whole)
    assert whole == Journey.model_json_schema()


INNER: dict[str, Any] = {"title": "A number", "type": "integer"}
BARE = {"type": "integer"}


@pytest.mark.parametrize(
    "word",
    [
        "items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties", "propertyNames", "contains", "not",
    ],
)  # fmt: skip
def test_titles_within_are_taken_away_too(word: str) -> None:
    for inner, bare in ((INNER, BARE), ([INNER, {"items": INNER}], [BARE, {"items": BARE}]), (False, False)):
        schema = argument_schema({"type": "object", "properties": {"value": {word: inner}}})
        assert schema["properties"]["value"] == {word: bare}


@pytest.mark.parametrize("word", ["properties", "patternProperties", "$defs", "dependentSchemas"])
def test_a_name_is_kept_even_if_it_is_title(word: str) -> None:
    schema = argument_schema({"type": "object", word: {"title": INNER, "x": {word: {"title": INNER}}}})
    assert schema == {"type": "object", word: {"title": BARE, "x": {word: {"title": BARE}}}}
