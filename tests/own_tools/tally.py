"""Two small tools as people write them, one async and one not."""

from __future__ import annotations

import uuid

from server.async_tool import AsyncBaseTool
from shared.json_types import JsonObject


class Tally(AsyncBaseTool):
    """Count one more of something, such as cups of coffee, and say how many there are now."""

    what: str

    async def _arun(self) -> JsonObject:
        # A field of its own for each: counted at the same time in two tabs, both count.
        await self.ss.update_field(f"tally {self.what}", uuid.uuid4().hex, value=True)
        return {"count": len(await self.ss.get(f"tally {self.what}") or {})}


class SyncTally(AsyncBaseTool):
    """Count one more of something, in a thread."""

    what: str

    def run(self) -> JsonObject:
        self.update_field(f"tally {self.what}", uuid.uuid4().hex, value=True)
        return {"count": len(self.get_state(f"tally {self.what}") or {})}
