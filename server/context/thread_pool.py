"""Threads that know whose turn they work for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class ContextThreadPool(ThreadPoolExecutor):
    """Runs each function in a copy of its submitter's context, so that ``current_turn()`` works in it.

    Python's own ``executor.submit`` and ``loop.run_in_executor`` do not do that. For other processes there is no such
    thing: give them the data that they need.
    """

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """As ``ThreadPoolExecutor.submit``; ``loop.run_in_executor`` comes through here too."""
        context = copy_context()
        return super().submit(lambda: context.run(fn, *args, **kwargs))


_is_for_own_tool: ContextVar[bool] = ContextVar("is_for_own_tool", default=False)


@contextmanager
def for_own_tool() -> Iterator[None]:
    """What is submitted from the block, and from tasks begun in it, is the work of somebody's own tool."""
    token = _is_for_own_tool.set(True)
    try:
        yield
    finally:
        _is_for_own_tool.reset(token)


class AgentThreadPool(ContextThreadPool):
    """To be the loop's default executor, which ``asyncio.to_thread`` uses: own tools get threads of ``tool`` there.

    They may block them for as long as they like; the server's own work would wait behind them.
    """

    def __init__(self, size: int, tool: ContextThreadPool) -> None:
        super().__init__(size, thread_name_prefix="agent")
        self._tool = tool

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """As ``ContextThreadPool.submit``."""
        if _is_for_own_tool.get():
            return self._tool.submit(fn, *args, **kwargs)
        return super().submit(fn, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Workers:
    """The threads of a server: ``agent`` for its own blocking work, ``tool`` for tools that are plain functions."""

    agent: AgentThreadPool
    tool: ContextThreadPool

    def close(self) -> None:
        """Take no more work, and do not wait for what still runs."""
        for pool in (self.agent, self.tool):
            pool.shutdown(wait=False, cancel_futures=True)


def start_workers(*, agent: int = 16, tool: int = 64) -> Workers:
    """Pools of at most so many threads each; threads start as they are needed."""
    tools = ContextThreadPool(tool, thread_name_prefix="tool")
    return Workers(AgentThreadPool(agent, tools), tools)
