"""Halves of surrogate pairs: what is only read is mended, and what is a name or is kept is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gateway.halves import OF_STATE, without_halves
from shared.acp_names import META_IDENTITY
from shared.errors import BadRequestError

ANY_TEXT = st.text(st.characters())
HALVES = st.text(st.characters(categories=["Cs", "Ll"]))


def message(method: str | None, params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "params": params} | ({"method": method} if method else {})


@pytest.mark.parametrize(
    ("params", "mended"),
    [
        ({"text": "a\udc80b\ud800"}, {"text": "a\ufffdb\ufffd"}),
        ({"text": "\udc00\ud800"}, {"text": "\ufffd\ufffd"}),
        ({"\ud800": [{"x": "\udbff"}]}, {"\ufffd": [{"x": "\ufffd"}]}),
        ({"text": "\U0001f600", "n": [1, 1.0, True, -0.0]}, {"text": "\U0001f600", "n": [1, 1.0, True, -0.0]}),
        ({"_meta": {"other": "\ud800"}}, {"_meta": {"other": "\ufffd"}}),
        ({"_meta": "\ud800"}, {"_meta": "\ufffd"}),
        (["\ud800"], ["\ufffd"]),
    ],
)
def test_a_text_that_is_only_read_is_mended(params: Any, mended: Any) -> None:
    for method in ("session/prompt", "_ringback/reset", None):
        assert json.dumps(without_halves(message(method, params))) == json.dumps(message(method, mended))


@pytest.mark.parametrize("method", sorted(OF_STATE))
def test_the_shared_state_is_asked_in_whole_characters(method: str) -> None:
    for params in ({"key": "\ud800"}, {"key": "k", "data": {"\udfff": 1}}, {"data": {"x": ["a\udbff"]}}):
        with pytest.raises(BadRequestError, match="keeps what it is given as it is: send whole characters"):
            without_halves(message(method, params))
    whole = message(method, {"key": "\U0001f600\ufffd\0"})
    assert without_halves(whole) == whole


@pytest.mark.parametrize("who", ["\ud800", {"userId": "\udbff"}, {"tenant": "a\udfff", "userId": "ada"}, {"\ud800": 1}])
def test_a_person_is_named_in_whole_characters(who: Any) -> None:
    for method in ("session/prompt", "session/cancel", "_ringback/reset", *OF_STATE):
        with pytest.raises(BadRequestError, match="half of a surrogate pair"):
            without_halves(message(method, {"_meta": {META_IDENTITY: who}}))


@given(ANY_TEXT | HALVES)
def test_only_halves_are_changed_and_none_is_left(text: str) -> None:
    whole = json.loads(json.dumps(text))  # two halves side by side are one character to JSON
    (mended,) = without_halves(message(None, [whole]))["params"]  # type: ignore[misc, str-unpack]
    expected = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in whole)
    assert mended == expected
