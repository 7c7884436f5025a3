"""Lets a use of the database come to its end although whoever asked for it is cancelled.

A connection that is cancelled amid a statement cannot be used again and is found only by garbage collection.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from server.unbroken import Unbroken

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_uses = Unbroken()


def unbroken(
    use: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """``use`` in a task of its own; cancelling the caller does not cancel it."""

    @functools.wraps(use)
    async def use_to_its_end(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return await _uses.finish(use(*args, **kwargs))

    return use_to_its_end
