"""Keeps the tabs saved while the program runs: what changed is on the disk within a second, and nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from client.core.saved_tabs import SavedTabs, write_tabs
from client.saved_tabs_file import SavedTabsFile

LOOK_SECONDS = 0.5
"""How often it is looked whether something changed."""
NOT_SAVED = "The tabs and drafts cannot be saved: {reason}. It is tried again."

logger = logging.getLogger(__name__)


class TabKeeper:
    """``tabs`` gives them as they are now; ``complain`` tells the person a sentence, once for each failure."""

    def __init__(self, file: SavedTabsFile, tabs: Callable[[], SavedTabs], complain: Callable[[str], None]) -> None:
        self._file = file
        self._tabs = tabs
        self._complain = complain
        self._written: SavedTabs | None = None
        self._failure: str | None = None
        self._is_ended = False
        self._saving = asyncio.Lock()

    async def run(self) -> None:
        """Look and save, until cancelled; a write under way is not cut off."""
        while not self._is_ended:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.shield(asyncio.ensure_future(self._save()))

    async def is_saved(self) -> bool:
        """Whether what there is now could be saved, which is tried."""
        await self._save()
        return self._failure is None

    async def end(self) -> None:
        """Save what there is now, the last time."""
        self._is_ended = True
        await self._save()

    async def _save(self) -> None:
        async with self._saving:
            await self._save_now()

    async def _save_now(self) -> None:
        tabs = self._tabs().worth_keeping
        if tabs == self._written:
            return
        try:
            await asyncio.to_thread(self._file.write, write_tabs(tabs))
        except OSError as error:
            reason = error.strerror or str(error)
            logger.warning("the tabs are not saved: %s", error)
            if reason != self._failure:
                self._failure = reason
                self._complain(NOT_SAVED.format(reason=reason))
        else:
            self._written, self._failure = tabs, None
