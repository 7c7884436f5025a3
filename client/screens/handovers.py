"""Conversations that change hands: given to another tab, device or machine, taken from there, or taken over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from textual.screen import Screen

from client.core.handoff_words import how_long
from client.core.tab_mark import LinkState
from client.core.transcript_entries import Tone
from client.lines import Lines
from client.ports import ConnectedDevice, HandoffCode, Start
from client.screens.modal_loader import handoff_code_screen, line_picker
from client.widgets.chat_tab import ChatTab
from client.widgets.chat_tabs import ChatTabs
from shared.errors import RingbackError
from shared.frames import Device
from shared.news import HandedOver

WHERE = "Hand this conversation over"
ABOUT = "It goes on there, with all that was said, and stays here to be read."
ANOTHER_MACHINE = ("Another machine", "show a code")
HELD_HERE = "This tab holds its conversation already."
NO_CODE = "Write the code behind the command: /join CODE"


@dataclass(frozen=True, slots=True)
class Opener:
    """The tab that a code came from, and what the person wrote there to use it; empty if it came by itself."""

    chat: ChatTab
    command: str = ""


class Handovers:
    """``open_tab`` opens a new tab in front with what it begins with, ``open_line`` connects one that is there.

    ``take_away`` closes a tab without asking; there must be another one.
    """

    def __init__(
        self,
        screen: Screen[None],
        tabs: ChatTabs,
        lines: Lines[ChatTab],
        *,
        open_tab: Callable[[Device, Start], Awaitable[ChatTab]],
        open_line: Callable[[ChatTab], None],
        take_away: Callable[[ChatTab], Awaitable[None]],
    ) -> None:
        self._screen = screen
        self._tabs = tabs
        self._lines = lines
        self._open_tab = open_tab
        self._open_line = open_line
        self._take_away = take_away
        self._openers: WeakKeyDictionary[ChatTab, Opener] = WeakKeyDictionary()

    def take_over(self, chat: ChatTab) -> None:
        """Take the tab's conversation from the device that holds it."""
        if chat.link_state is LinkState.HELD:
            self._lines.take_over(chat)
        else:
            chat.remark(HELD_HERE)

    async def hand_over(self, chat: ChatTab) -> None:
        """Ask where to, and hand it over."""
        try:
            others = [device for device in await self._lines.devices(chat) if not device.is_self]
            lines = [*((one.device.label, _detail(one)) for one in others), ANOTHER_MACHINE]
            index = await self._screen.app.push_screen_wait(line_picker(WHERE, ABOUT, lines))
            if index is None:
                return
            if index < len(others):
                _, seconds = await self._lines.handoff(chat, others[index].connection)
                label = others[index].device.label
                chat.remark(f"{label} is asked to take this conversation, within {how_long(seconds)}.")
            else:
                code, seconds = await self._lines.handoff(chat, None)
                self._screen.app.push_screen(handoff_code_screen(code, seconds))
        except RingbackError as error:
            chat.remark(str(error), Tone.ERROR)

    async def join(self, code: str) -> None:
        """A new tab that takes the conversation of that code."""
        front = self._tabs.front
        if code:
            chat = await self._open_tab(front.device, HandoffCode(code))
            self._openers[chat] = Opener(front, f"/join {code}")
        else:
            front.remark(NO_CODE)

    async def handed(self, news: HandedOver, *, by: ChatTab) -> None:
        """``by`` heard that a conversation is handed to it: it opens beside, and takes no focus."""
        chat = await self._tabs.add_beside(by, HandoffCode(news.code))
        self._openers[chat] = Opener(by)
        chat.remark(f"Handed over from {news.source.label}.")
        self._open_line(chat)

    async def refused(self, chat: ChatTab, message: str) -> None:
        """Its code is: the tab goes, and the person is told where the code came from, with the command to mend.

        A tab that the person began to use meanwhile stays.
        """
        await chat.composer.settle()
        opener, chats = self._openers.pop(chat, None), self._tabs.chats
        if opener is None or opener.chat not in chats or chat not in chats or not chat.is_blank:
            chat.remark(message)
            return
        opener.chat.remark(message)
        if not opener.chat.composer.has_draft:
            opener.chat.composer.complete(opener.command)
        if chat is self._tabs.front:
            await self._tabs.show(chats.index(opener.chat))
        await self._take_away(chat)


def _detail(one: ConnectedDevice) -> str:
    return f"{one.device.kind} · {one.connection[:8]}"
