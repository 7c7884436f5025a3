"""Whose turn it is, asked from inside of tools: on the loop, in tasks, and in ADK's, asyncio's and our threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.adk.tools.function_tool import FunctionTool

from server.agent.history import WindowedHistory
from server.agent.runner import AdkAgent
from server.context import ContextThreadPool, current_turn, get_token_usage
from shared.json_types import JsonObject
from tests.server.agent.talks import open_talk, results, say
from tests.server.tab_for_tests import TabForTests

UNBOUND = "unbound"
TABS = 8


def whose() -> str:
    """The conversation whose turn is bound here."""
    try:
        return current_turn().session_id
    except LookupError:
        return UNBOUND


class Elsewhere:
    """One server's tool that asks from everywhere at once, while all tabs are in it."""

    def __init__(self, tabs: int) -> None:
        self._all_in = asyncio.Barrier(tabs)
        self._ours, self._plain = ContextThreadPool(2), ThreadPoolExecutor(2)

    async def ask_everywhere(self) -> dict[str, str]:
        """Ask from everywhere."""
        async with asyncio.timeout(5):
            await self._all_in.wait()
        loop = asyncio.get_running_loop()

        async def in_a_task() -> str:
            await asyncio.sleep(0)
            return await asyncio.create_task(asyncio.to_thread(whose))

        return {
            "here": whose(),
            "task": await asyncio.create_task(in_a_task()),
            "to_thread": await asyncio.to_thread(whose),
            "our submit": await asyncio.wrap_future(self._ours.submit(whose)),
            "our executor": await loop.run_in_executor(self._ours, whose),
            "plain submit": await asyncio.wrap_future(self._plain.submit(whose)),
            "plain executor": await loop.run_in_executor(self._plain, whose),
        }

    def close(self) -> None:
        for pool in (self._ours, self._plain):
            pool.shutdown()


def agent_with(history: WindowedHistory, *functions: Callable[..., Any], threads: int = 64) -> AdkAgent:
    tools: list[Any] = [FunctionTool(function) for function in functions]
    return AdkAgent(session_service=history, model_name="demo", backend_tools=tools, max_tool_threads=threads)


async def asked(agent: AdkAgent, message: str, tabs: int) -> list[tuple[str, list[JsonObject]]]:
    """Send ``message`` from so many tabs at once: each one's conversation, and what its tools gave."""
    seats = [TabForTests() for _ in range(tabs)]
    talks = [open_talk(agent, tab) for tab in seats]
    await asyncio.gather(*(say(talk, message) for talk in talks))
    return [
        (talk.context.session_id, [given.result for given in results(tab) if given.result is not None])
        for talk, tab in zip(talks, seats, strict=True)
    ]


async def test_everywhere_but_in_plain_threads_a_tool_finds_its_own_turn(history: WindowedHistory) -> None:
    elsewhere = Elsewhere(TABS)
    answers = await asked(agent_with(history, elsewhere.ask_everywhere), "/tool ask_everywhere {}", TABS)
    elsewhere.close()
    for session, (given,) in answers:
        assert given == {
            **dict.fromkeys(("here", "task", "to_thread", "our submit", "our executor"), session),
            **dict.fromkeys(("plain submit", "plain executor"), UNBOUND),
        }


async def test_adks_own_threads_find_the_turn_of_their_call(history: WindowedHistory) -> None:
    all_in = threading.Barrier(TABS)

    def ask_in_a_thread() -> dict[str, Any]:
        """Ask from a thread of ADK's."""
        all_in.wait(5)
        return {"session": whose(), "is_the_loop": threading.current_thread() is threading.main_thread()}

    for session, (given,) in await asked(agent_with(history, ask_in_a_thread), "/tool ask_in_a_thread {}", TABS):
        assert given == {"session": session, "is_the_loop": False}


async def test_the_tools_of_one_response_run_at_once_and_find_the_same_turn(history: WindowedHistory) -> None:
    on_the_loop, in_threads = asyncio.Barrier(4), threading.Barrier(2)

    async def one(number: int) -> str:
        """Ask on the loop."""
        async with asyncio.timeout(5):
            await on_the_loop.wait()
        return f"{number} {whose()}"

    def two(number: int) -> str:
        """Ask in a thread."""
        in_threads.wait(5)
        return f"{number} {whose()}"

    message = '/tools one {"number": 1} | two {"number": 2} | one {"number": 3} | two {"number": 4}'
    agent = agent_with(history, one, two)
    # Two conversations at once: four on the loop; the threads meet two by two, whosever they are.
    for session, given in await asked(agent, message, 2):
        assert sorted(str(result["result"]) for result in given) == [f"{number} {session}" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("threads", [1, 3])
async def test_adk_has_as_many_threads_as_it_was_given(history: WindowedHistory, threads: int) -> None:
    names: set[str] = set()
    is_full = threading.Barrier(threads)

    def crowd(number: int) -> int:
        """Come in, and go on when all threads are taken."""
        names.add(threading.current_thread().name)
        is_full.wait(5)
        return number

    message = "/tools " + " | ".join(f'crowd {{"number": {number}}}' for number in range(threads * 4))
    ((_, given),) = await asked(agent_with(history, crowd, threads=threads), message, 1)
    assert sorted(int(str(result["result"])) for result in given) == list(range(threads * 4))
    assert len(names) == threads


async def test_a_tool_sees_what_its_turn_used_so_far(history: WindowedHistory) -> None:
    def used() -> int:
        """How many tokens this conversation used."""
        return get_token_usage().total

    agent, tab = agent_with(history, used), TabForTests()
    talk = open_talk(agent, tab)
    await say(talk, "hello there")
    before = talk.context.usage.total
    await say(talk, "/tool used {}")
    (given,) = results(tab)
    assert given.result is not None
    seen = int(str(given.result["result"]))
    assert before < seen < talk.context.usage.total, "the answer that asked for the tool is in it already"
