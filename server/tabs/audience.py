"""Tells the tabs of a person, or all tabs, what is no part of one conversation."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from server.core.identity import Identity
from server.state.changes import Changes, StateChange
from server.tabs.outbox import Outbox
from server.tabs.tab import Tab
from shared.ids import ConnectionSignature
from shared.news import News

logger = logging.getLogger(__name__)

MAX_WAITING = 64
"""How many news wait for a tab that reads too slowly; further ones are dropped for it, for they repeat themselves."""


class Seat:
    """One tab and the news on their way to it."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self._outbox = Outbox(room_for=MAX_WAITING)

    def tell(self, news: News) -> None:
        """Have it told, in order."""
        if self._outbox.waiting < MAX_WAITING:
            self._outbox.put(partial(self.tab.tell, news))
        else:
            logger.warning("news for %s was dropped: it reads too slowly", self.tab.signature)

    async def flush(self, within: float) -> None:
        """Wait until all is told or dropped, at most ``within`` seconds."""
        await self._outbox.flush(within)


class Audience:
    """The tabs that are there, by person. Whoever changes a person's shared state, the person's other tabs hear it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._unsubscribe: dict[Identity, Callable[[], None]] = {}
        self._seats: defaultdict[Identity, dict[ConnectionSignature, Seat]] = defaultdict(dict)

    def join(self, identity: Identity, tab: Tab) -> None:
        """From now on ``tab`` is told what concerns that person."""
        if identity not in self._unsubscribe:
            self._unsubscribe[identity] = self._changes.subscribe(identity, self._changed)
        self._seats[identity][tab.signature] = Seat(tab)

    def leave(self, identity: Identity, tab: Tab) -> None:
        """The tab is gone."""
        self._seats[identity].pop(tab.signature, None)
        if not self._seats[identity]:
            del self._seats[identity]
            self._unsubscribe.pop(identity, _nothing)()

    def _changed(self, change: StateChange) -> None:
        self.tell(change.owner, change.news, but=change.origin)

    def tell(self, identity: Identity, news: News, *, but: ConnectionSignature | None = None) -> None:
        """Tell each tab of a person, except the one that did it itself."""
        for signature, seat in self._seats.get(identity, {}).items():
            if signature != but:
                seat.tell(news)

    def tell_all(self, news: News) -> None:
        """Tell every tab of everybody."""
        for seats in self._seats.values():
            for seat in seats.values():
                seat.tell(news)

    async def flush(self, identity: Identity, within: float) -> None:
        """Wait until a person's tabs were told everything, at most ``within`` seconds."""
        async with asyncio.TaskGroup() as flushing:
            for seat in self._seats.get(identity, {}).values():
                flushing.create_task(seat.flush(within))


def _nothing() -> None:
    """There is nothing to end."""
