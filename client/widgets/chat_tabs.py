"""All chats of the screen, one of them in front, with the row of labels above."""

from __future__ import annotations

from itertools import count

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher

from client.clocks import Clocks
from client.core.tab_mark import SPINNER, Mark, TabState
from client.core.visible_text import visible
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

    def __init__(self, device: Device, clocks: Clocks) -> None:
        super().__init__()
        self._clocks = clocks
        self._ids = count(1)
        self._frame = 0
        self.chats = [self._make(device)]
        self.front = self.chats[0]

    def compose(self) -> ComposeResult:
        """The labels, and the chat in front."""
        yield TabStrip([self._label(self.front, TabState())])
        with ContentSwitcher(initial=self.front.id):
            yield self.front

    def on_mount(self) -> None:
        """Show the first chat, and let the spinner turn where things may move."""
        self._bring(self.front)
        if self.app.animation_level != "none":
            self.set_interval(_SPIN_SECONDS, self._spin)

    async def add(self, device: Device) -> ChatTab:
        """A new chat at the end, in front, ready for the next key."""
        chat = self._make(device)
        await self.query_exactly_one(ContentSwitcher).add_content(chat)
        self.chats.append(chat)
        self.show(len(self.chats) - 1)
        return chat

    def take_out(self, chat: ChatTab) -> None:
        """Take a chat from the row, which must have another; that one comes to the front. Its widget stays hidden."""
        index = self.chats.index(chat)
        self.chats.remove(chat)
        if chat is self.front:
            self.show(min(index, len(self.chats) - 1))
        self.write_labels()

    def show(self, index: int) -> None:
        """Bring the chat at ``index`` to the front, if there is one; its composer gets the next key."""
        if 0 <= index < len(self.chats):
            self._bring(self.chats[index])

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

    def _make(self, device: Device) -> ChatTab:
        return ChatTab(device, self._clocks, f"chat-{next(self._ids)}")

    def _label(self, chat: ChatTab, state: TabState) -> TabLabelText:
        mark = state.mark
        still = self.app.animation_level == "none"
        sign = SPINNER[self._frame] if mark is Mark.WORKING and not still else mark.value
        title = _cut(visible(chat.conversation.title or NEW_TITLE, keep=""))
        device = visible(chat.device.label, keep="")
        return TabLabelText(self.number(chat), title, device, mark, sign, chat is self.front)

    def _spin(self) -> None:
        self._frame = (self._frame + 1) % len(SPINNER)
        if any(chat.state.mark is Mark.WORKING for chat in self.chats):
            self.write_labels()


def _cut(title: str) -> str:
    return title if cell_len(title) <= _TITLE_CELLS else f"{set_cell_size(title, _TITLE_CELLS - 1).rstrip()}…"
