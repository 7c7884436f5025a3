"""One pipe that a command writes to: all of it is taken, and a bounded part of it is kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from client.core.kept_output import KeptOutput

PIECE = 64 * 1024
AT_FULL_SPEED = 2**20
"""Bytes that are taken as fast as they come; after that with pauses, so that a flood does not slow the screen down."""
PAUSE_SECONDS = 0.001


class CommandOutput:
    """``end`` is what the command writes to; it is closed here once the command has it."""

    def __init__(self, end: int, reading: asyncio.Task[None]) -> None:
        self.end = end
        self._reading = reading
        self._is_ours = True

    async def rest(self, seconds: float) -> None:
        """Take what is still to come, for so long: what got away from the command may hold the pipe open."""
        self.let_go()
        await asyncio.wait({self._reading}, timeout=seconds)

    def let_go(self) -> None:
        """Close this side's copy of the end."""
        if self._is_ours:
            self._is_ours = False
            os.close(self.end)


@asynccontextmanager
async def output_to(kept: KeptOutput) -> AsyncIterator[CommandOutput]:
    """A pipe whose bytes go to ``kept``; it is closed at the end, whoever still writes to it."""
    reading_end, writing_end = os.pipe()
    stream = asyncio.StreamReader(limit=PIECE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading_end, "rb", buffering=0)
    )
    reading = asyncio.create_task(_read(stream, kept))
    output = CommandOutput(writing_end, reading)
    try:
        yield output
    finally:
        output.let_go()
        transport.close()
        reading.cancel()
        await asyncio.wait({reading})


async def _read(stream: asyncio.StreamReader, kept: KeptOutput) -> None:
    taken = 0
    while piece := await stream.read(PIECE):
        kept.add(piece)
        taken += len(piece)
        if taken > AT_FULL_SPEED:
            await asyncio.sleep(PAUSE_SECONDS)
