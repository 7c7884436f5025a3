"""A grant covers the one call that it was given for, and nothing beside it; a test of each widening fails on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.canonical import arguments_hash
from server.core.grant import Asked, Grant, GrantId
from server.core.identity import Identity
from shared.ids import TenantId, UserId
from shared.json_types import JsonObject

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LASTS = timedelta(days=30)
WORDS = st.sampled_from(["ada", "bob", "ad", "Ada", "default", "acme", "pc", "phone"])
SCALARS = st.sampled_from([0, 1, True, False, 1.0, 0.0, -0.0, "1", "true", "", "a", "a ", "é", "e\u0301", None])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2))
FOLDERS = st.sampled_from(["/home/ada", "/home/ada/", "/home/Ada", "C:\\ada", "/"])
ARGUMENTS = st.dictionaries(WORDS, VALUES, max_size=3)
CALLS = st.tuples(WORDS, WORDS, WORDS, WORDS, ARGUMENTS, st.sampled_from([-1.0, 0.0, 5.0, 29.9, 30.0, 400.0]), FOLDERS)
"""Tenant, user, device, tool, arguments, after how many days it is asked for, and in which folder."""

Covers = Callable[[Grant, Asked, datetime], bool]


def canonical(arguments: Any) -> str:
    """What makes two sets of arguments the same, said in another way than the product says it."""
    if isinstance(arguments, dict):
        return f"{{{sorted((json.dumps(name), canonical(value)) for name, value in arguments.items())}}}"
    if isinstance(arguments, list):
        return f"[{[canonical(value) for value in arguments]}]"
    return f"{type(arguments).__name__} {arguments!r}"


def widens(covers: Covers, hashed: Callable[[JsonObject], str], granted: Any, asked: Any) -> bool | None:
    """Whether the grant and the call do not belong together and it counts; ``None`` if it should and does not."""
    tenant, user, device, tool, arguments, _, folder = granted
    identity = Identity(TenantId(tenant), UserId(user))
    grant = Grant(GrantId("g"), identity, device, "", folder, tool, arguments, hashed(arguments), NOON, NOON + LASTS)
    theirs = Asked(Identity(TenantId(asked[0]), UserId(asked[1])), asked[2], asked[6], asked[3], hashed(asked[4]))
    is_inside = (
        (*granted[:4], folder) == (*asked[:4], asked[6])
        and canonical(arguments) == canonical(asked[4])
        and 0 <= asked[5] < 30
    )
    does = covers(grant, theirs, NOON + timedelta(days=asked[5]))
    return None if is_inside and not does else does and not is_inside


@given(CALLS, CALLS, st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_whatever_is_not_the_same_in_everything_is_outside(granted: Any, asked: Any, same: int) -> None:
    # Mostly one thing alone is another one.
    mixed = tuple(
        one if place != same else another for place, (one, another) in enumerate(zip(granted, asked, strict=True))
    )
    for call in (mixed, (*granted[:5], 1.0, granted[6])):
        assert widens(Grant.covers, arguments_hash, granted, call) is False


GRANTED = ("default", "ada", "pc", "notify", {"a": 1, "b": "x"}, 0.0, "/home/ada")
FLAWS: dict[str, tuple[Covers, Any]] = {
    "by the tool alone": (lambda g, a, now: Grant.covers(g, replace(a, arguments_hash=g.arguments_hash), now), {4: {}}),
    "any tool": (lambda g, a, now: Grant.covers(g, replace(a, tool=g.tool), now), {3: "run"}),
    "any device": (lambda g, a, now: Grant.covers(g, replace(a, device=g.device), now), {2: "phone"}),
    "any folder": (lambda g, a, now: Grant.covers(g, replace(a, folder=g.folder), now), {6: "/tmp/cloned"}),
    "any user": (
        lambda g, a, now: Grant.covers(g, replace(a, identity=replace(a.identity, user_id=g.identity.user_id)), now),
        {1: "bob"},
    ),
    "any tenant": (
        lambda g, a, now: Grant.covers(g, replace(a, identity=replace(a.identity, tenant=g.identity.tenant)), now),
        {0: "acme"},
    ),
    "for ever": (lambda g, a, _: Grant.covers(g, a, NOON), {5: 31.0}),
    "a clock that was set back": (lambda g, a, now: Grant.covers(g, a, max(now, NOON)), {5: -1.0}),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_grant_that_covers_more_would_be_found(flaw: str) -> None:
    covers, changed = FLAWS[flaw]
    asked = tuple(changed.get(place, value) for place, value in enumerate(GRANTED))
    assert widens(covers, arguments_hash, GRANTED, asked)
    assert not widens(Grant.covers, arguments_hash, GRANTED, asked)


@pytest.mark.parametrize("other", [{"a": True, "b": "x"}, {"a": 1.0, "b": "x"}, {"a": "1", "b": "x"}])
def test_a_hash_over_pythons_equality_or_text_would_be_found(other: JsonObject) -> None:
    def as_text(arguments: JsonObject) -> str:
        return str(
            sorted((name, str(float(value)) if value in {1, "1"} else value) for name, value in arguments.items())
        )

    asked = (*GRANTED[:4], other, 1.0, GRANTED[6])
    assert widens(Grant.covers, as_text, GRANTED, asked)
    assert widens(Grant.covers, arguments_hash, GRANTED, asked) is False


def test_no_device_is_none_that_a_grant_was_given_on() -> None:
    identity = Identity(TenantId("default"), UserId("ada"))
    nowhere = Grant(GrantId("g"), identity, "", "", "/", "notify", {}, "h", NOON, NOON + LASTS)
    assert not nowhere.covers(Asked(identity, "", "/", "notify", "h"), NOON)


def test_no_folder_is_none_that_a_grant_was_given_in() -> None:
    identity = Identity(TenantId("default"), UserId("ada"))
    unknown = Grant(GrantId("g"), identity, "pc", "", "", "notify", {}, "h", NOON, NOON + LASTS)
    assert not unknown.covers(Asked(identity, "pc", "", "notify", "h"), NOON)
