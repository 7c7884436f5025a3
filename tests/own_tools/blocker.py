"""A tool that blocks its thread for longer than any test waits."""

from __future__ import annotations

import os
import time
from pathlib import Path

from server.async_tool import AsyncBaseTool

HOURS = 3600.0


class Blocker(AsyncBaseTool):
    """Block. ``BLOCKS_SINCE`` names a file that is there from then on."""

    def run(self) -> None:
        Path(os.environ["BLOCKS_SINCE"]).touch()
        time.sleep(HOURS)
