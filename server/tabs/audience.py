"""Tells the tabs of a person, or all tabs, what is no part of one conversation."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from server.core.identity import Identity
from server.core.waiting_news import WaitingNews
from server.state.changes import Changes, StateChange
from server.tabs.outbox import Outbox
from server.tabs.tab import Tab
from shared.ids import ConnectionSignature
from shared.news import DevicesChanged, News


class Seat:
    """One tab and the news on their way to it."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self._waiting = WaitingNews()
        self._outbox = Outbox()

    def tell(self, news: News) -> None:
        """Have it told, in order."""
        self._waiting.put(news)
        if self._outbox.is_empty:
            self._outbox.put(self._tell_all)

    async def flush(self, within: float) -> None:
        """Wait until all is told, at most ``within`` seconds."""
        await self._outbox.flush(within)

    async def _tell_all(self) -> None:
        while (news := self._waiting.take()) is not None:
            await self.tab.tell(news)


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
        self.tell(identity, DevicesChanged(), but=tab.signature)

    def leave(self, identity: Identity, tab: Tab) -> None:
        """The tab is gone."""
        self._seats[identity].pop(tab.signature, None)
        if not self._seats[identity]:
            del self._seats[identity]
            self._unsubscribe.pop(identity, _nothing)()
        self.tell(identity, DevicesChanged())

    def tabs(self, identity: Identity) -> list[Tab]:
        """A person's tabs that are there now."""
        return [seat.tab for seat in self._seats.get(identity, {}).values()]

    def find(self, identity: Identity, signature: ConnectionSignature) -> Seat | None:
        """The person's tab on that connection; ``None`` if it is not there, or another person's."""
        return self._seats.get(identity, {}).get(signature)

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
