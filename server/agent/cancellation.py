"""Ends a tool's work as soon as its turn is cancelled, with a result that the model can be told."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from server.core.desk import refusal
from shared.json_types import JsonObject


async def unless_cancelled(work: Coroutine[Any, Any, JsonObject], abort: asyncio.Event) -> JsonObject:
    """What ``work`` gives, or a refusal once ``abort`` is set; the work is then cancelled.

    A call that ends with a result, and not with an exception, lets the results of the calls beside it be stored.
    """
    working = asyncio.create_task(work)
    aborted = asyncio.create_task(abort.wait())
    try:
        await asyncio.wait({working, aborted}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        return refusal("The user cancelled the turn. The tool may have run.")
    finally:
        working.cancel()
        aborted.cancel()
