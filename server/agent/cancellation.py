"""Ends a tool's work as soon as its turn is cancelled, with a result that the model can be told."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from server.core.refusal import refusal
from shared.json_types import JsonObject


class EndedItselfError(Exception):
    """Work that was cancelled though nobody asked for it: a tool that cancels its own task, or raises that it was."""


async def unless_cancelled(work: Coroutine[Any, Any, JsonObject], abort: asyncio.Event) -> JsonObject:
    """What ``work`` gives, or a refusal once ``abort`` is set; the work is then cancelled.

    A call that ends with a result, and not with an exception, lets the results of the calls beside it be stored.

    Raises:
        EndedItselfError: if the work was cancelled by itself. It has a task of its own, so that this can be told from
            a cancellation of the task that waits here, which goes on as it is.
    """
    working = asyncio.create_task(work)
    aborted = asyncio.create_task(abort.wait())
    try:
        await asyncio.wait({working, aborted}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return _result(working)
        return refusal("The user cancelled the turn. The tool may have run.")
    finally:
        working.cancel()
        aborted.cancel()


def _result(working: asyncio.Task[JsonObject]) -> JsonObject:
    try:
        return working.result()
    except asyncio.CancelledError as error:
        # Nothing is awaited here, so it is the work's own; and nobody else knows its task.
        raise EndedItselfError("The work cancelled itself.") from error
