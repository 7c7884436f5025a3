"""Which threads know whose turn they work for: ours and asyncio's own, and not those of a plain executor."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context

import pytest

from server.context import ContextThreadPool, bound, current_turn, for_own_tool, start_workers
from tests.server.context.turn_for_tests import TurnsForTests

UNBOUND = "unbound"
WAIT = 5.0


def bound_here() -> str:
    """The name of the conversation whose turn is bound here."""
    try:
        return current_turn().session_id
    except LookupError:
        return UNBOUND


async def by_submit(pool: ThreadPoolExecutor) -> str:
    return await asyncio.wrap_future(pool.submit(bound_here))


async def by_run_in_executor(pool: ThreadPoolExecutor) -> str:
    return await asyncio.get_running_loop().run_in_executor(pool, bound_here)


async def by_map(pool: ThreadPoolExecutor) -> str:
    (found,) = await asyncio.to_thread(lambda: list(pool.map(lambda _: bound_here(), [1], timeout=WAIT)))
    return found


async def by_to_thread(_: ThreadPoolExecutor) -> str:
    return await asyncio.to_thread(bound_here)


async def by_a_copied_context(pool: ThreadPoolExecutor) -> str:
    return await asyncio.wrap_future(pool.submit(copy_context().run, bound_here))


Way = Callable[[ThreadPoolExecutor], Awaitable[str]]


@pytest.mark.parametrize("way", [by_submit, by_run_in_executor, by_map, by_to_thread, by_a_copied_context])
async def test_our_pool_knows_the_turn_whichever_way_it_is_given_work(way: Way) -> None:
    with ContextThreadPool(2) as pool, bound(await TurnsForTests().of(name="mine")):
        assert await way(pool) == "mine"


@pytest.mark.parametrize(
    ("way", "found"),
    [
        (by_submit, UNBOUND),
        (by_run_in_executor, UNBOUND),
        (by_map, UNBOUND),
        (by_to_thread, "mine"),
        (by_a_copied_context, "mine"),
    ],
)
async def test_a_plain_pool_does_not_but_for_a_copied_context(way: Way, found: str) -> None:
    with ThreadPoolExecutor(2) as pool, bound(await TurnsForTests().of(name="mine")):
        assert await way(pool) == found


async def test_a_thread_that_served_one_turn_serves_the_next_one_as_its_own() -> None:
    turns = TurnsForTests()
    with ContextThreadPool(1) as pool:
        for name in ("one", "two"):
            with bound(await turns.of(name=name)):
                assert await by_submit(pool) == name
        assert await by_submit(pool) == UNBOUND


async def test_many_turns_at_once_in_few_threads_each_find_their_own() -> None:
    turns = TurnsForTests()

    async def run(name: str) -> bool:
        with bound(await turns.of(name=name)):
            return await asyncio.gather(*(by_run_in_executor(pool) for _ in range(5))) == [name] * 5

    with ContextThreadPool(4) as pool:
        assert all(await asyncio.gather(*(run(str(number)) for number in range(50))))


def test_a_function_gets_its_arguments_and_what_it_raises_comes_back() -> None:
    def divide(number: int, *, by: int) -> float:
        return number / by

    with ContextThreadPool(1) as pool:
        assert pool.submit(divide, 6, by=3).result(WAIT) == 2
        with pytest.raises(ZeroDivisionError):
            pool.submit(divide, 6, by=0).result(WAIT)


def test_what_a_thread_sets_in_its_copy_is_not_seen_by_who_gave_the_work() -> None:
    word: ContextVar[str] = ContextVar("word", default="mine")
    with ContextThreadPool(1) as pool:
        pool.submit(word.set, "theirs").result(WAIT)
        assert word.get() == "mine"
        assert pool.submit(word.get).result(WAIT) == "mine"


def test_the_context_is_that_of_the_moment_in_which_the_work_was_given() -> None:
    word: ContextVar[str] = ContextVar("word", default="none")
    go = threading.Event()
    with ContextThreadPool(1) as pool:
        pool.submit(go.wait, WAIT)
        word.set("first")
        waiting: Future[str] = pool.submit(word.get)
        word.set("second")
        go.set()
        assert waiting.result(WAIT) == "first"


@pytest.mark.parametrize(("name", "size"), [("agent", 2), ("tool", 3)])
def test_workers_have_as_many_threads_as_was_said_and_names_that_tell_them_apart(name: str, size: int) -> None:
    workers = start_workers(agent=2, tool=3)
    all_there = threading.Barrier(size + 1)

    def meet() -> str:
        all_there.wait(WAIT)
        return threading.current_thread().name

    try:
        pool = getattr(workers, name)
        running = [pool.submit(meet) for _ in range(size)]
        all_there.wait(WAIT)
        assert {future.result(WAIT).rpartition("_")[0] for future in running} == {name}
    finally:
        workers.close()


async def test_the_workers_of_both_kinds_know_the_turn() -> None:
    workers = start_workers(agent=1, tool=1)
    try:
        with bound(await TurnsForTests().of(name="mine")):
            assert [await by_submit(pool) for pool in (workers.agent, workers.tool)] == ["mine", "mine"]
    finally:
        workers.close()


def test_there_are_sixteen_and_sixty_four_threads_if_nothing_else_is_said() -> None:
    workers = start_workers()
    assert (workers.agent._max_workers, workers.tool._max_workers) == (16, 64)
    workers.close()


def test_closing_drops_what_waits_and_does_not_wait_for_what_runs() -> None:
    workers, go = start_workers(agent=1, tool=1), threading.Event()
    running = [pool.submit(go.wait, WAIT) for pool in (workers.agent, workers.tool)]
    waiting = [pool.submit(bound_here) for pool in (workers.agent, workers.tool)]
    workers.close()
    assert not any(future.done() for future in running)
    assert all(future.cancelled() for future in waiting)
    go.set()
    assert all(future.result(WAIT) for future in running)
    with pytest.raises(RuntimeError):
        workers.tool.submit(bound_here)


async def test_what_asyncio_runs_in_threads_for_somebodys_own_tool_takes_no_thread_of_the_agents() -> None:
    workers = start_workers(agent=1, tool=2)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(workers.agent)
    name = threading.current_thread

    async def of_a_tool() -> str:
        return (await asyncio.to_thread(name)).name

    with for_own_tool():
        of_tool = asyncio.create_task(of_a_tool())
        assert (await asyncio.to_thread(name)).name.startswith("tool")
    assert (await of_tool).startswith("tool")
    assert (await asyncio.to_thread(name)).name.startswith("agent")
    workers.close()
