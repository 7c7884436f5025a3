"""What tools may ask of their turn: copies only, and nothing outside of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from server.context import (
    bound,
    current_identity,
    fallback,
    get_conversation_state,
    get_todos,
    get_token_usage,
    reset_token_usage,
    set_conversation_state,
)
from shared.errors import StateError
from shared.json_types import JsonValue
from shared.todos import Todo
from shared.usage import TokenUsage
from tests.server.context.turn_for_tests import TurnsForTests
from tests.server.services_for_tests import ADA, ADA_OF_ACME

ACCESSORS: list[Callable[[], object]] = [
    current_identity,
    get_token_usage,
    reset_token_usage,
    get_todos,
    get_conversation_state,
    lambda: set_conversation_state("colour", "blue"),
]


@pytest.mark.parametrize("accessor", ACCESSORS)
def test_outside_of_a_turn_each_says_so(accessor: Callable[[], object]) -> None:
    with pytest.raises(LookupError, match="No turn is bound here"):
        accessor()


@pytest.mark.parametrize("accessor", ACCESSORS)
async def test_a_fallback_serves_each(accessor: Callable[[], object]) -> None:
    turn = await TurnsForTests().of()
    with fallback(lambda: turn):
        accessor()


async def test_the_person_is_the_one_who_acts() -> None:
    turns = TurnsForTests()
    for identity in (ADA, ADA_OF_ACME):
        with bound(await turns.of(identity)):
            assert current_identity() == identity


async def test_usage_is_the_conversations_and_what_was_got_does_not_change() -> None:
    turn = await TurnsForTests().of()
    turn.session.usage = TokenUsage(10, 20, 30)
    with bound(turn):
        before = get_token_usage()
        turn.count(TokenUsage(1, 2, 3))
        assert before == TokenUsage(10, 20, 30)
        assert get_token_usage() == TokenUsage(11, 22, 33)


async def test_a_reset_gives_what_was_counted_and_leaves_the_persons_count() -> None:
    turn = await TurnsForTests().of()
    turn.count(TokenUsage(1, 2, 3))
    with bound(turn):
        assert reset_token_usage() == TokenUsage(1, 2, 3)
        assert get_token_usage() == TokenUsage()
        assert reset_token_usage() == TokenUsage()
    assert turn.spending.person.ever == TokenUsage(1, 2, 3)
    assert turn.spending.turn == TokenUsage(1, 2, 3)


async def test_todos_are_the_conversations() -> None:
    turn = await TurnsForTests().of()
    with bound(turn):
        assert get_todos() == ()
        await turn.plan((Todo("buy milk"),))
        assert get_todos() == (Todo("buy milk"),)


async def test_what_is_kept_for_a_conversation_is_copied_in_and_out() -> None:
    turns = TurnsForTests()
    mine, others = await turns.of(name="mine"), await turns.of(name="other")
    value = {"deep": [1]}
    with bound(mine):
        set_conversation_state("a", value)  # type: ignore[arg-type]  # a dict of a list is a JSON value
        value["deep"].append(2)
        assert get_conversation_state() == {"a": {"deep": [1]}}
        got = get_conversation_state()
        got["b"] = 1
        got["a"]["deep"].append(3)  # type: ignore[index, union-attr, call-overload]  # it is a list
        assert get_conversation_state() == {"a": {"deep": [1]}}
    with bound(others):
        assert get_conversation_state() == {}


async def test_none_takes_a_kept_value_away() -> None:
    with bound(await TurnsForTests().of()):
        set_conversation_state("a", 1)
        set_conversation_state("a", None)
        set_conversation_state("never there", None)
        assert get_conversation_state() == {}


@pytest.mark.parametrize("value", [0, False, "", [], {}])
async def test_an_empty_value_is_a_value(value: JsonValue) -> None:
    with bound(await TurnsForTests().of()):
        set_conversation_state("a", value)
        assert get_conversation_state() == {"a": value}


@pytest.mark.parametrize(
    "value",
    [float("nan"), object(), 10**5000, 1j, {1: 2}, lambda: None],
    ids=["nan", "object", "huge", "complex", "key", "function"],
)
async def test_what_is_no_json_is_refused_and_nothing_changes(value: Any) -> None:
    turn = await TurnsForTests().of()
    with bound(turn):
        set_conversation_state("kept", 1)
        with pytest.raises(StateError):
            set_conversation_state("x", value)
        with pytest.raises(StateError):
            set_conversation_state("", 1)
        assert get_conversation_state() == {"kept": 1}


async def test_what_one_thread_sets_does_not_change_what_another_looks_at() -> None:
    turn = await TurnsForTests().of()
    with bound(turn):
        set_conversation_state("one", 1)
        seen = turn.session.state
        await asyncio.gather(*(asyncio.to_thread(set_conversation_state, f"name {n}", n) for n in range(64)))
        assert seen == {"one": 1}
        assert len(get_conversation_state()) == 65
