"""Lets a use of the database come to its end although whoever asked for it is cancelled.

A connection that is cancelled amid a statement cannot be used again and is found only by garbage collection.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_under_way: set[asyncio.Task[Any]] = set()


def unbroken(
    use: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """``use`` in a task of its own; cancelling the caller does not cancel it."""

    @functools.wraps(use)
    async def use_to_its_end(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        task = asyncio.create_task(use(*args, **kwargs))
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)
        return await asyncio.shield(task)

    return use_to_its_end
