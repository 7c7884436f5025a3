"""All chats of the screen, one of them in front, with the row of labels above."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher

from client.clocks import Clocks
from client.core.saved_tabs import SavedTab, SavedTabs
from client.core.tab_mark import SPINNER, Mark, TabState
from client.core.visible_text import visible
from client.ports import Start
from client.widgets.chat_tab import ChatTab
from client.widgets.tab_strip import TabLabelText, TabStrip
from shared.frames import Device

NEW_TITLE = "New chat"
_TITLE_CELLS = 14
_SPIN_SECONDS = 0.15


class ChatTabs(Vertical):
    """Numbers the tabs by their place; the number is what Alt+1 to Alt+9 mean."""

    class FrontChanged(Message):
        """Another chat is in front."""

    def __init__(self, tabs: SavedTabs, clocks: Clocks) -> None:
        """``tabs`` are the first ones, at least one."""
        super().__init__()
        self._clocks = clocks
        self._ids = count(1)
        self._frame = 0
        self._mounting = asyncio.Lock()
        self.chats = [self._make(tab, tab.told_anew) for tab in tabs.tabs]
        self.front = self.chats[tabs.active]

    def compose(self) -> ComposeResult:
        """The labels, and the chat in front."""
        yield TabStrip([self._label(chat, TabState(is_unread=chat.is_unread)) for chat in self.chats])
        with ContentSwitcher(initial=self.front.id):
            yield self.front

    def on_mount(self) -> None:
        """Show the first chat, and let the spinner turn where things may move."""
        self._bring(self.front)
        if self.app.animation_level != "none":
            self.set_interval(_SPIN_SECONDS, self._spin)

    async def complete(self, is_there: Callable[[ChatTab], None]) -> None:
        """Tell of each first chat once it is mounted.

        The one in front is, so that it is soon on the screen; the others follow one by one, and keys in between.
        """
        for chat in (self.front, *(chat for chat in self.chats if chat is not self.front)):
            await self.reach(chat)
            if chat in self.chats:
                is_there(chat)

    async def reach(self, chat: ChatTab) -> None:
        """Have the chat mounted, behind the one in front; one that is mounted is not waited for."""
        if chat.is_mounted:
            return
        async with self._mounting:
            if not chat.is_attached and chat in self.chats:
                chat.display = False
                await self.query_exactly_one(ContentSwitcher).mount(chat)

    async def add(self, device: Device, start: Start | None = None) -> ChatTab:
        """A new chat at the end, in front, ready for the next key."""
        chat = self._make(SavedTab(device), start)
        await self.query_exactly_one(ContentSwitcher).add_content(chat)
        self.chats.append(chat)
        self._bring(chat)
        return chat

    async def add_beside(self, chat: ChatTab, start: Start) -> ChatTab:
        """A new chat as the same device, at the right of ``chat``; it is unread, and what is in front stays there."""
        new = self._make(SavedTab(chat.device, is_unread=True), start)
        await self.query_exactly_one(ContentSwitcher).add_content(new)
        self.chats.insert(self.chats.index(chat) + 1, new)
        self.write_labels()
        return new

    async def take_out(self, chat: ChatTab) -> None:
        """Take a chat from the row, which must have another; that one comes to the front. Its widget stays hidden."""
        index = self.chats.index(chat)
        beside = self.chats[index + 1 if index + 1 < len(self.chats) else index - 1]
        await self.reach(beside)
        self.chats.remove(chat)
        if chat is self.front:
            self._bring(beside)
        self.write_labels()

    async def show(self, index: int) -> None:
        """Bring the chat at ``index`` to the front, if there is one; its composer gets the next key."""
        if 0 <= index < len(self.chats):
            chat = self.chats[index]
            await self.reach(chat)
            if chat in self.chats:
                self._bring(chat)

    def number(self, chat: ChatTab) -> int:
        """The chat's number on the screen, from 1."""
        return self.chats.index(chat) + 1

    def name_of(self, chat: ChatTab) -> str:
        """How a sentence calls the chat."""
        return f"Tab {self.number(chat)} ({visible(chat.device.label, keep='')})"

    def write_labels(self) -> None:
        """Write every label anew."""
        self.query_exactly_one(TabStrip).show([self._label(chat, chat.state) for chat in self.chats])

    def _bring(self, chat: ChatTab) -> None:
        self.front.is_front = False
        self.front = chat
        self.query_exactly_one(ContentSwitcher).current = chat.id
        chat.is_front = True
        chat.focus_composer()
        self.write_labels()
        self.post_message(self.FrontChanged())

    def _make(self, before: SavedTab, start: Start | None) -> ChatTab:
        return ChatTab(before, self._clocks, f"chat-{next(self._ids)}", start)

    def _label(self, chat: ChatTab, state: TabState) -> TabLabelText:
        mark = state.mark
        still = self.app.animation_level == "none"
        sign = SPINNER[self._frame] if mark is Mark.WORKING and not still else mark.value
        title = _cut(visible(chat.title or NEW_TITLE, keep=""))
        device = visible(chat.device.label, keep="")
        return TabLabelText(self.number(chat), title, device, mark, sign, chat is self.front)

    def _spin(self) -> None:
        self._frame = (self._frame + 1) % len(SPINNER)
        if any(chat.state.mark is Mark.WORKING for chat in self.chats):
            self.write_labels()


def _cut(title: str) -> str:
    return title if cell_len(title) <= _TITLE_CELLS else f"{set_cell_size(title, _TITLE_CELLS - 1).rstrip()}…"
