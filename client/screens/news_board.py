"""News of the tabs that concern the whole program: a notice is said once, a change is passed on to who shows it."""

from __future__ import annotations

from typing import assert_never

from textual.screen import Screen
from textual.signal import Signal

from client.clocks import Clocks
from client.core.notice_once import NoticeOnce
from client.widgets.chat_tab import ChatTab
from shared.news import DevicesChanged, HandedOver, News, Notice, PersonReset, StateChanged


class NewsBoard:
    """``state_changed`` tells what another tab did to the shared state; a reset is a change, too."""

    def __init__(self, owner: Screen[None], clocks: Clocks) -> None:
        self.state_changed: Signal[StateChanged] = Signal(owner, "state changed")
        self._notices = NoticeOnce()
        self._clocks = clocks

    def heard(self, news: News, *, by: ChatTab, front: ChatTab) -> None:
        """``by`` heard it from its server; a notice is said in the tab in ``front``."""
        match news:
            case StateChanged():
                self.state_changed.publish(news)
            case PersonReset():
                self.state_changed.publish(StateChanged(None, "cleared"))
            case Notice(message):
                if self._notices.is_first(message, by.id, self._clocks.monotonic()):
                    front.remark(message)
            case HandedOver() | DevicesChanged():
                pass
            case _:
                assert_never(news)
