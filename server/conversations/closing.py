"""Ends many conversations at once, within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from server.conversations.conversation import Conversation


async def close_all(talks: Iterable[Conversation], reason: str, *, within: float) -> int:
    """End each one's turn; how many turns did not end within so many seconds. ``reason`` is a sentence."""
    closing = {asyncio.create_task(talk.close(reason)) for talk in talks}
    if not closing:
        return 0
    _, late = await asyncio.wait(closing, timeout=within)
    for task in late:
        task.cancel()
    return len(late)
