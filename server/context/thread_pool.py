"""Threads that know whose turn they work for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
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


@dataclass(frozen=True, slots=True)
class Workers:
    """The threads of a server: ``agent`` for its own blocking work, ``tool`` for tools that are plain functions."""

    agent: ContextThreadPool
    tool: ContextThreadPool

    def close(self) -> None:
        """Take no more work, and do not wait for what still runs."""
        for pool in (self.agent, self.tool):
            pool.shutdown(wait=False, cancel_futures=True)


def start_workers(*, agent: int = 16, tool: int = 64) -> Workers:
    """Pools of at most so many threads each; threads start as they are needed."""
    return Workers(
        ContextThreadPool(agent, thread_name_prefix="agent"), ContextThreadPool(tool, thread_name_prefix="tool")
    )
