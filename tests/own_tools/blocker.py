"""Tools that do not end for longer than any test waits, whatever is done about it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from pathlib import Path

from server.async_tool import AsyncBaseTool

HOURS = 3600.0


def say_that_it_runs() -> None:
    """``BLOCKS_SINCE`` names a file that is there from then on."""
    Path(os.environ["BLOCKS_SINCE"]).touch()


def block() -> None:
    say_that_it_runs()
    time.sleep(HOURS)


class Blocker(AsyncBaseTool):
    """Block the tool's own thread."""

    def run(self) -> None:
        block()


class BlockerElsewhere(AsyncBaseTool):
    """Block as many other threads as asyncio gives."""

    threads: int = 1

    async def _arun(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(block) for _ in range(self.threads)))


class Stubborn(AsyncBaseTool):
    """Take no cancelling."""

    async def _arun(self) -> None:
        say_that_it_runs()
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(HOURS)
