"""A value of the shared state as text and back: nothing invisible, nothing lost, nothing that cannot be kept."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.state_text import MOST_LEVELS, UnfitValueError, one_line_text, read_state_text, same_value, state_text
from client.core.visible_text import is_invisible_in, visible
from shared.json_types import JsonObject, JsonValue

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES))
def test_a_value_comes_back_as_it_was_and_everything_in_it_can_be_seen(data: JsonObject) -> None:
    text = state_text(data)
    again = read_state_text(text)
    assert repr(again) == repr(data)
    assert visible(text, keep="\n") == text
    assert visible(one_line_text(data, 10_000), keep="") == one_line_text(data, 10_000)


def test_what_a_terminal_would_obey_is_written_as_json_writes_it() -> None:
    data: JsonObject = {"\x1b[2J": "a\u200bb\x7f\x9b\u202e\U000e0001\ud83d\ude00 and 👩\u200d🚀"}
    text = state_text({**data, "lone": "\U0001f600"})
    assert '"\\u001b[2J": "a\\u200bb\\u007f\\u009b\\u202e\\udb40\\udc01' in text
    assert "👩\u200d🚀" in text, "an emoji stays one"
    assert "\n" in text
    assert not is_invisible_in(text.replace("\n", "").replace("\u200d", ""))


def test_a_line_is_cut_with_an_ellipsis() -> None:
    assert one_line_text({"a": "x" * 100}, 12) == '{"a": "xxxx…'
    assert one_line_text({"a": 1}, 8) == '{"a": 1}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Nothing is written."),
        (" \n ", "Nothing is written."),
        ('{"a": }', "No JSON yet, line 1, column 7: expecting value."),
        ('{\n  "a": 1,,\n}', "line 2, column 10"),
        ('{"a": "x', "unterminated string."),
        ("{'a': 1}", "double quotes"),
        ('{"a": 1} x', "extra data"),
        ("[1]", "this is a list"),
        ('"blue"', "this is a text"),
        ("7", "this is a number"),
        ("7.5", "this is a number"),
        ("true", "this is true or false"),
        ("null", "this is null"),
        ('{"a": NaN}', "NaN is no number in JSON."),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ('{"a": 1e999}', "1e999 is too large"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ('{"a": 1, "a": 2}', '"a" stands twice'),
        ('{"x": {"\\u202e": 1, "\\u202e": 2}}', '"⟨U+202E⟩" stands twice'),
        ('{"a": "\\ud800"}', "half a character"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "nested too deeply"),
        ('{"a":' * (MOST_LEVELS + 1) + "1" + "}" * (MOST_LEVELS + 1), "nested too deeply"),
        ('{"a":' + "[" * MOST_LEVELS + "1" + "]" * MOST_LEVELS + "}", "nested too deeply"),
    ],
    ids=lambda text: text[:24],
)
def test_what_cannot_be_kept_is_told_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UnfitValueError) as error:
        read_state_text(text)
    assert words in str(error.value)
    assert str(error.value).endswith(".")


@given(st.text())
def test_whatever_is_typed_is_a_value_or_a_sentence(text: str) -> None:
    with suppress(UnfitValueError):
        assert isinstance(read_state_text(text), dict)


@given(VALUES)
def test_only_objects_are_values(value: JsonValue) -> None:
    text = json.dumps(value)
    if isinstance(value, dict):
        assert same_value(read_state_text(text), value)
    else:
        with pytest.raises(UnfitValueError):
            read_state_text(text)


def test_same_means_the_same_json() -> None:
    assert same_value({"a": 1, "b": [2]}, {"b": [2], "a": 1})
    assert same_value(None, None)
    assert not same_value({"a": 1}, {"a": True})
    assert not same_value({"a": 1}, {"a": 1.0})
    assert not same_value({"a": 0}, {"a": False})
    assert not same_value({}, None)
    assert not same_value({"a": [1, 2]}, {"a": [2, 1]})


def test_a_value_may_be_nested_up_to_a_limit() -> None:
    text = '{"a":' * MOST_LEVELS + "1" + "}" * MOST_LEVELS
    assert state_text(read_state_text(text)).count("{") == MOST_LEVELS
    deep: JsonObject = {}
    for _ in range(2000):
        deep = {"a": deep}
    with pytest.raises(UnfitValueError):
        state_text(deep)
