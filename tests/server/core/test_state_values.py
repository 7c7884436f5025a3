"""What can be kept comes back the same, what cannot is refused with its place, and no two keys are written alike."""

from __future__ import annotations

import enum
import json
import time
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.core.json_depth import MAX_DEPTH
from server.core.state_values import (
    MAX_DIGITS,
    MAX_DOCUMENT,
    MAX_NAME,
    checked_name,
    checked_ttl,
    decode,
    encode,
    escape,
    is_same,
    unescape,
)
from shared.errors import StateError
from shared.ids import MAX_TENANT, MAX_USER_ID
from shared.json_types import JsonObject, JsonValue

ANY = st.characters(codec=None, exclude_categories=())
TEXTS = st.text(ANY, max_size=20).filter(lambda text: text == json.loads(json.dumps(text)))
NAMES = st.text(ANY, min_size=1, max_size=MAX_NAME)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
LARGEST_ROW = 2_700
"""How much PostgreSQL takes in one row of an index, in bytes, rounded down."""


class Word(enum.StrEnum):
    BLUE = "blue"


class Level(enum.IntEnum):
    ONE = 1


class Name(str):
    __slots__ = ()


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def shared_by_all(depth: int) -> Any:
    """Small in memory, and written down it has 2 ** depth items."""
    value: Any = [1]
    for _ in range(depth):
        value = [value, value]
    return value


def in_itself() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


# --- documents --------------------------------------------------------------------------------------------


@given(VALUES)
def test_any_json_value_comes_back_as_it_went_in(value: JsonValue) -> None:
    text = encode({"field": value})
    assert text.isascii()
    assert "\0" not in text
    assert repr(decode(text)) == repr({"field": value})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((1, 2), r"The value\.field is of the type tuple"),
        ({1, 2}, "type set"),
        (b"bytes", "type bytes"),
        (object(), "type object"),
        (1j, "type complex"),
        (range(3), "type range"),
        (Word.BLUE, "type Word"),
        (Level.ONE, "type Level"),
        (Name("text"), "type Name"),
        (OrderedDict(a=1), "type OrderedDict"),
        (float("nan"), "nan, which is no JSON number"),
        (float("-inf"), "-inf, which is no JSON number"),
        ({1: "a"}, r"The value\.field has a field named by int"),
        ({Name("a"): 1}, "named by Name"),
        ([0, {"deep": [{"x": (1,)}]}], r"The value\.field\[1\]\.deep … is of the type tuple"),
        ({"a" * 90: (1,)}, "a{40}… is of the type tuple"),
        ({"\x1b[31m": (1,)}, "\ufffd\\[31m is of the type tuple"),
        (nested(MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
        (in_itself(), f"nested more than {MAX_DEPTH} deep"),
        ("\ud83d\ude00", "two halves"),
        ({"\ud83d\ude00": 1}, "two halves"),
        (10**MAX_DIGITS, "digits"),
        (-(10**MAX_DIGITS), "digits"),
        ("x" * MAX_DOCUMENT, "at most 262,144 bytes"),
        ("é" * (MAX_DOCUMENT // 6), "at most 262,144 bytes"),
        ([0] * MAX_DOCUMENT, "at most 262,144 bytes"),
        ([""] * (MAX_DOCUMENT // 3), "at most 262,144 bytes"),
    ],
)
def test_what_would_not_come_back_the_same_is_refused_and_its_place_named(value: Any, said: str) -> None:
    with pytest.raises(StateError, match=said) as refused:
        encode({"field": value})
    assert len(str(refused.value)) < 300
    assert str(refused.value).isprintable()
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("document", [None, [], "text", 1, (("a", 1),), OrderedDict(a=1)])
def test_only_an_object_is_kept(document: object) -> None:
    with pytest.raises(StateError, match="JSON object"):
        encode(document)


@pytest.mark.parametrize("name", ["", "x" * (MAX_NAME + 1), 1, Name("x"), "\ud83d\ude00"])
def test_a_documents_fields_are_named_as_field_names_are(name: Any) -> None:
    with pytest.raises(StateError, match="field name"):
        encode({name: 1})


def test_the_largest_that_is_allowed_is_kept() -> None:
    around = len(encode({"a": ""}))
    assert len(encode({"a": "x" * (MAX_DOCUMENT - around)})) == MAX_DOCUMENT
    with pytest.raises(StateError):
        encode({"a": "x" * (MAX_DOCUMENT - around + 1)})
    assert decode(encode({"a": nested(MAX_DEPTH - 1)})) == {"a": nested(MAX_DEPTH - 1)}
    number = 10**MAX_DIGITS - 1
    assert decode(encode({"a": number, "b": -number})) == {"a": number, "b": -number}
    assert decode(encode({"a": {"x" * 1_000: 1}})) == {"a": {"x" * 1_000: 1}}, "names further inside may be longer"


@pytest.mark.parametrize(
    "giant", [shared_by_all(60), ["x"] * 5_000_000, {"a": "x" * 50_000_000}], ids=["60 deep", "long", "text"]
)
def test_what_is_far_too_large_is_refused_in_no_time(giant: Any) -> None:
    begun = time.perf_counter()
    with pytest.raises(StateError, match=r"at most|deep"):
        encode({"a": giant})
    assert time.perf_counter() - begun < 5, "the event loop waits meanwhile"


# --- the same or not --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (1, True), (0, False), (1.0, True), (0.0, -0.0), (None, False), (None, 0), ("1", 1), ([], {}),
        ([1], [1.0]), ({"a": 1}, {"a": True}), ({"a": None}, {}), ([1, 2], [2, 1]), ("é", "e\u0301"),
        ("\ud800", "\udc00"),
    ],
)  # fmt: skip
def test_what_is_of_another_type_or_order_is_not_the_same(one: JsonValue, other: JsonValue) -> None:
    assert not is_same(one, other)
    assert not is_same({"deep": [one]}, {"deep": [other]})


def test_the_order_of_fields_says_nothing() -> None:
    assert is_same({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})


@given(VALUES, VALUES)
def test_two_values_are_the_same_only_if_they_are_written_alike(one: JsonValue, other: JsonValue) -> None:
    assert is_same(one, json.loads(json.dumps(one)))
    assert is_same(one, other) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


# --- names ------------------------------------------------------------------------------------------------


@given(NAMES)
def test_an_escaped_key_is_plain_and_comes_back(key: str) -> None:
    escaped = escape(key)
    assert "\0" not in escaped
    escaped.encode("utf-8")
    assert unescape(escaped) == key


@given(NAMES, NAMES)
def test_two_keys_never_become_the_same(one: str, other: str) -> None:
    assume(one != other)
    assert escape(one) != escape(other)


@pytest.mark.parametrize("key", ["a:b", "a_b", "a b", "é", "😀", "\n", "'", "\\"])
def test_what_every_database_takes_is_left_as_it_is(key: str) -> None:
    assert escape(key) == key


def test_what_is_told_apart_by_the_escape_sign_stays_apart() -> None:
    keys = ["%", "\0", "%0000", "%25", "%0025", "\ud800", "%d800", "%%", "a%b", "a%003ab", "a:b"]
    assert len({escape(key) for key in keys}) == len(keys)
    assert [unescape(escape(key)) for key in keys] == keys


@pytest.mark.parametrize("character", ["x", "é", "😀", "\0", "%", "\ud800"])
def test_the_longest_key_fits_into_postgresqls_index_beside_the_longest_person(character: str) -> None:
    person = len(("😀" * (MAX_TENANT + MAX_USER_ID)).encode())
    assert len(escape(character * MAX_NAME).encode()) + person < LARGEST_ROW


@pytest.mark.parametrize("name", ["x", "x" * MAX_NAME, "\0", "\ud800", "\udc00\ud800", "😀" * MAX_NAME, " ", "%"])
def test_a_name_may_have_any_characters(name: str) -> None:
    assert checked_name("key", name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "1 to 200 characters; this one has 0"),
        ("x" * (MAX_NAME + 1), "this one has 201"),
        (None, "not NoneType"),
        (1, "not int"),
        (b"key", "not bytes"),
        (["key"], "not list"),
        (Name("key"), "not Name"),
        ("\ud83d\ude00", "two halves"),
    ],
)
def test_what_is_no_name_is_refused(name: Any, said: str) -> None:
    with pytest.raises(StateError, match=f"^A key .*{said}"):
        checked_name("key", name)


# --- time to live -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ttl", "expected"), [(None, None), (1, 1.0), (0.001, 0.001), (10**9, 1e9)])
def test_a_time_to_live_is_in_seconds(ttl: float | None, expected: float | None) -> None:
    assert checked_ttl(ttl) == expected


@pytest.mark.parametrize(
    "ttl", [0, 0.0, -1, float("inf"), float("-inf"), float("nan"), 10**400, -(10**400), "10", True, [1], Level.ONE]
)
def test_what_is_no_time_to_live_is_refused(ttl: Any) -> None:
    with pytest.raises(StateError, match="seconds above 0") as refused:
        checked_ttl(ttl)
    assert len(str(refused.value)) < 200


def test_a_document_is_the_callers_own() -> None:
    document: JsonObject = {"list": [1]}
    assert decode(encode(document)) is not document
