"""The turn's record: bound for a block, seen from wherever the block leads, and nowhere else."""

from __future__ import annotations

import asyncio
import pickle
import weakref
from concurrent.futures import ProcessPoolExecutor

import pytest

from server.context import TurnContext, bound, current_turn, fallback
from shared.usage import TokenUsage
from tests.server.context.turn_for_tests import TurnsForTests


def seen() -> TurnContext | None:
    """The turn that is bound here, if there is one."""
    try:
        return current_turn()
    except LookupError:
        return None


async def seen_in_a_task() -> TurnContext | None:
    await asyncio.sleep(0)
    return seen()


def test_outside_of_a_turn_a_sentence_says_why_and_what_to_do() -> None:
    with pytest.raises(LookupError, match="No turn is bound here") as caught:
        current_turn()
    for way_out in ("asyncio.to_thread", "ContextThreadPool", "copy_context().run"):
        assert way_out in str(caught.value)


async def test_a_turn_is_bound_for_the_block_and_not_after_it() -> None:
    turn = await TurnsForTests().of()
    with bound(turn):
        assert current_turn() is turn
    assert seen() is None


async def test_a_block_that_fails_leaves_nothing_bound() -> None:
    turn = await TurnsForTests().of()
    with pytest.raises(ZeroDivisionError), bound(turn):
        raise ZeroDivisionError
    assert seen() is None


async def test_after_an_inner_turn_the_outer_one_is_bound_again() -> None:
    turns = TurnsForTests()
    outer, inner = await turns.of(name="outer"), await turns.of(name="inner")
    with bound(outer):
        with bound(inner):
            assert current_turn() is inner
        assert current_turn() is outer


async def test_child_tasks_and_their_children_see_it() -> None:
    turn = await TurnsForTests().of()

    async def parent() -> TurnContext | None:
        return await asyncio.create_task(seen_in_a_task())

    with bound(turn):
        assert await asyncio.create_task(seen_in_a_task()) is turn
        assert await asyncio.create_task(parent()) is turn


async def test_what_goes_on_after_its_turn_is_told_that_it_is_over_and_keeps_nothing_of_it() -> None:
    turn, is_over = await TurnsForTests().of(), asyncio.Event()

    async def late() -> None:
        await is_over.wait()
        current_turn()

    with bound(turn):
        lasting = asyncio.create_task(late())
        timer = asyncio.get_running_loop().call_later(1000, print)
    kept = weakref.ref(turn.session)
    del turn
    assert kept() is None, "a timer or task begun in a turn must not keep its conversation"
    is_over.set()
    with pytest.raises(LookupError, match="is over"):
        await lasting
    timer.cancel()


async def test_a_task_begun_before_the_block_does_not_see_it() -> None:
    turn, is_bound = await TurnsForTests().of(), asyncio.Event()

    async def earlier() -> TurnContext | None:
        await is_bound.wait()
        return seen()

    task = asyncio.create_task(earlier())
    await asyncio.sleep(0)
    with bound(turn):
        is_bound.set()
        assert await task is None


async def test_many_turns_at_once_each_see_only_their_own() -> None:
    turns = TurnsForTests()
    all_bound = asyncio.Barrier(50)

    async def run(name: str) -> bool:
        turn = await turns.of(name=name)
        with bound(turn):
            async with asyncio.timeout(5):
                await all_bound.wait()
            found = await asyncio.gather(*(seen_in_a_task() for _ in range(3)))
            return [*found, seen()] == [turn] * 4

    assert all(await asyncio.gather(*(run(str(number)) for number in range(50))))


async def test_what_a_child_task_changes_in_the_turn_is_not_lost() -> None:
    turn = await TurnsForTests().of()

    async def count() -> None:
        current_turn().count(TokenUsage(1, 2, 3))

    with bound(turn):
        await asyncio.gather(count(), asyncio.create_task(count()), asyncio.to_thread(asyncio.run, count()))
    assert turn.spending.turn == TokenUsage(3, 6, 9)


async def test_what_is_used_counts_for_the_turn_the_conversation_and_the_person() -> None:
    turns = TurnsForTests()
    first, second = await turns.of(name="one"), await turns.of(name="two")
    first.count(TokenUsage(1, 2, 3))
    second.count(TokenUsage(10, 20, 30))
    assert (first.spending.turn, first.session.usage) == (TokenUsage(1, 2, 3), TokenUsage(1, 2, 3))
    assert first.spending.person is second.spending.person
    assert first.spending.person.ever == TokenUsage(11, 22, 33)


async def test_where_nothing_is_bound_a_fallback_is_given_and_a_bound_turn_comes_first() -> None:
    turns = TurnsForTests()
    stand_in, turn = await turns.of(name="stand-in"), await turns.of()
    with fallback(lambda: stand_in):
        assert current_turn() is stand_in
        with bound(turn):
            assert current_turn() is turn
    assert seen() is None


async def test_the_innermost_fallback_is_given_and_then_the_one_around_it() -> None:
    turns = TurnsForTests()
    outer, inner = await turns.of(name="outer"), await turns.of(name="inner")
    with fallback(lambda: outer):
        with fallback(lambda: inner):
            assert current_turn() is inner
        assert current_turn() is outer


async def test_a_block_that_fails_leaves_no_fallback() -> None:
    turn = await TurnsForTests().of()
    with pytest.raises(ZeroDivisionError), fallback(lambda: turn):
        raise ZeroDivisionError
    assert seen() is None


async def test_a_turn_is_not_pickled_and_says_why() -> None:
    turn = await TurnsForTests().of()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=r"does not go to another process\. Give the process the values"):
            pickle.dumps(turn, protocol)


async def test_a_turn_does_not_get_into_a_process_pool() -> None:
    turn = await TurnsForTests().of()
    with ProcessPoolExecutor(1) as pool, pytest.raises(TypeError, match="does not go to another process"):
        await asyncio.get_running_loop().run_in_executor(pool, repr, turn)


async def test_what_belongs_to_a_turn_is_not_replaced() -> None:
    turn = await TurnsForTests().of()
    with pytest.raises(AttributeError):
        turn.text = "something else"  # type: ignore[misc]  # what is tested
