"""What belongs to a conversation calls it back without keeping it: what is let go of is gone at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakMethod

Given = ParamSpec("Given")
Result = TypeVar("Result")


def weakly(method: Callable[Given, Result]) -> Callable[Given, Result]:
    """``method``, for as long as something else keeps its object; a call after that raises ``ReferenceError``."""
    find = WeakMethod(method)

    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        found = find()
        if found is None:
            raise ReferenceError("what was to be called is let go of")
        return found(*args, **kwargs)

    return call


def weakly_if_there(method: Callable[Given, None]) -> Callable[Given, None]:
    """As :func:`weakly`; a call that comes too late does nothing."""
    find = WeakMethod(method)

    def call(*args: Given.args, **kwargs: Given.kwargs) -> None:
        found = find()
        if found is not None:
            found(*args, **kwargs)

    return call
