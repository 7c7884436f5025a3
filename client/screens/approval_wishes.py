"""What a person may want of a question before it is answered: that another device is asked, or to say why not."""

from __future__ import annotations

from typing import assert_never

from textual.screen import Screen

from client.core.approval_words import Wish
from client.core.transcript_entries import Tone
from client.lines import Lines
from client.screens.modal_loader import line_picker, reason_screen
from client.widgets.chat_tab import ChatTab
from shared.errors import RingbackError
from shared.frames import ApprovalAsked

ABOUT = "It is asked there, and if it is allowed, it runs there."
NO_DEVICE = "No other tab or device of yours that is connected now has the tool {tool}."
TOO_LATE = "That question does not wait any more."


class ApprovalWishes:
    """Opens what lies over the tabs, and tells the tab what came of it."""

    def __init__(self, screen: Screen[None], lines: Lines[ChatTab]) -> None:
        self._screen = screen
        self._lines = lines

    async def wished(self, chat: ChatTab, wish: Wish, approval: ApprovalAsked) -> None:
        """``chat`` shows the question."""
        match wish:
            case Wish.DEVICE:
                is_in_time = await self._ask_elsewhere(chat, approval)
            case Wish.REASON:
                reason = await self._screen.app.push_screen_wait(reason_screen(approval.name))
                is_in_time = reason is None or chat.reject(approval, reason)
            case _:
                assert_never(wish)
        if not is_in_time:
            self._screen.notify(TOO_LATE, markup=False)

    async def _ask_elsewhere(self, chat: ChatTab, approval: ApprovalAsked) -> bool:
        try:
            known = await self._lines.devices(chat)
        except RingbackError as error:
            chat.remark(str(error), Tone.ERROR)
            return True
        devices = [one for one in known if not one.is_self and approval.name in one.tools]
        if not devices:
            self._screen.notify(NO_DEVICE.format(tool=approval.name), markup=False)
            return True
        lines = [(one.device.label, f"{one.device.kind} · {one.connection[:8]}") for one in devices]
        picker = line_picker(f"Ask about {approval.name} on", ABOUT, lines)
        index = await self._screen.app.push_screen_wait(picker)
        return index is None or chat.ask_elsewhere(approval, devices[index])
