"""The way out: what would be lost is named, and what is under way goes on or is stopped, as the person wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from textual.screen import Screen

from client.core.leaving import Leaving, Way, losses, under_way
from client.lines import Lines
from client.screens.modal_loader import confirm_screen, quit_screen
from client.widgets.chat_tab import ChatTab
from client.widgets.chat_tabs import ChatTabs

STOPPING_SECONDS = 3.0
"""How long the turns may take to end."""


class Departure:
    """``unsaved`` names what else would be lost; ``on_quit`` is what the person set, ``is_kept`` if tabs are saved."""

    def __init__(
        self,
        screen: Screen[None],
        tabs: ChatTabs,
        lines: Lines[ChatTab],
        *,
        on_quit: Way,
        is_kept: Callable[[], Awaitable[bool]],
        unsaved: Callable[[], tuple[str, ...]],
    ) -> None:
        self._screen = screen
        self._tabs = tabs
        self._lines = lines
        self._on_quit = on_quit
        self._is_kept = is_kept
        self._unsaved = unsaved
        self._noted = asyncio.Event()
        self._is_leaving = False

    def noted(self) -> None:
        """A tab is in another state now."""
        self._noted.set()

    async def leave(self) -> None:
        """End the program, after asking if something would be lost or is under way."""
        if self._is_leaving:
            return
        self._is_leaving = True
        try:
            if await self._may_leave():
                self._screen.app.exit()
        finally:
            self._is_leaving = False

    async def may_close(self, chat: ChatTab) -> bool:
        """Whether the tab may be closed, after asking if something would be lost; then what is under way is stopped."""
        await chat.composer.settle()
        lost = losses([chat.leaving(self._tabs.name_of(chat))])
        if not lost:
            return True
        agreed = await self._screen.app.push_screen_wait(confirm_screen("Close this tab?", lost, "Close it", "Keep it"))
        if agreed:
            await self._stop([chat])
        return agreed

    async def _may_leave(self) -> bool:
        app = self._screen.app
        await self._tabs.front.composer.settle()
        is_kept = await self._is_kept()
        leaving = [self._leaving(chat, is_kept=is_kept) for chat in self._tabs.chats]
        lost, going = (*losses(leaving), *self._unsaved()), under_way(leaving)
        if lost and not await app.push_screen_wait(confirm_screen("Leave Ringback?", lost, "Leave", "Stay")):
            return False
        way: Way | None = self._on_quit
        if going and way is Way.ASK:
            way = await app.push_screen_wait(quit_screen(going))
        if going and way is Way.STOP:
            await self._stop(self._tabs.chats)
        return way is not None

    def _leaving(self, chat: ChatTab, *, is_kept: bool) -> Leaving:
        start = self._lines.resumable(chat)
        goes_on = start is not None and start.lease_secret is not None
        return replace(chat.leaving(self._tabs.name_of(chat)), is_kept=is_kept, goes_on=goes_on)

    async def _stop(self, chats: list[ChatTab]) -> None:
        stopped = {chat: tuple(chat.conversation.waiting) for chat in chats if chat.state.is_working}
        cancelled = {chat: chat.conversation.running for chat in stopped}
        for chat in stopped:
            self._lines.cancel(chat)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPPING_SECONDS):
                while any(chat.state.is_working and chat.state.is_connected for chat in stopped):
                    self._noted.clear()
                    await self._noted.wait()
                    for chat in stopped:
                        # What was being stored when the rest was cancelled begins after that.
                        if chat.conversation.running not in {None, cancelled[chat]}:
                            cancelled[chat] = chat.conversation.running
                            self._lines.cancel(chat)
        for chat, waiting in stopped.items():
            chat.take_back(waiting)
