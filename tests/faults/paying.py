"""A tool of a person's own that runs in the server and leaves a line in a file each time it does."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from server.async_tool import AsyncBaseTool
from tests.bench.side_effect import leave


class Pay(AsyncBaseTool):
    """Append ``note`` to the file that ``PAID`` names, then wait so many seconds."""

    note: str
    seconds: float = 0.0

    async def _arun(self) -> str:
        leave(Path(os.environ["PAID"]), self.note)
        await asyncio.sleep(self.seconds)
        return "paid"


class PaySync(AsyncBaseTool):
    """Block its own thread for so many seconds."""

    seconds: float = 0.0

    def run(self) -> str:
        time.sleep(self.seconds)
        return "paid"
