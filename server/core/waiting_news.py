"""News that wait for one tab: as many as it may fall behind by, and never less than it has to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from shared.news import DevicesChanged, HandedOver, News, Notice, PersonReset, StateChanged

MAX_WAITING = 64
"""How many changes, and how many notices, wait for a tab that reads too slowly."""

MANY = StateChanged(None, "many")


@dataclass
class WaitingNews:
    """In order. What a later one makes needless is left out, so however much happens, little waits. Pure.

    A reset is never left out, and neither is that something changed: only, past :data:`MAX_WAITING`, what it was.
    """

    _waiting: list[News] = field(default_factory=list)

    def put(self, news: News) -> None:
        """Have it told after what waits already."""
        match news:
            case PersonReset():
                self._drop(lambda other: isinstance(other, StateChanged | PersonReset))
            case StateChanged(None, "cleared"):
                self._drop(lambda other: isinstance(other, StateChanged))
            case StateChanged(key, _, field):
                if MANY in self._waiting:
                    return
                self._drop(
                    lambda other: (
                        isinstance(other, StateChanged) and other.key == key and (field is None or field == other.field)
                    )
                )
                if self._count(StateChanged) >= MAX_WAITING:
                    self._drop(lambda other: isinstance(other, StateChanged))
                    news = MANY
            case Notice():
                self._drop(lambda other: other == news)
                if self._count(Notice) >= MAX_WAITING:
                    self._waiting.remove(next(other for other in self._waiting if isinstance(other, Notice)))
            case DevicesChanged():
                self._drop(lambda other: isinstance(other, DevicesChanged))
            case HandedOver(session_id):
                # A code is used once, and the latest one is the one that counts.
                self._drop(lambda other: isinstance(other, HandedOver) and other.session_id == session_id)
            case _:
                assert_never(news)
        self._waiting.append(news)

    def take(self) -> News | None:
        """The next one, or ``None`` if none waits."""
        return self._waiting.pop(0) if self._waiting else None

    def _count(self, kind: type[News]) -> int:
        return sum(isinstance(news, kind) for news in self._waiting)

    def _drop(self, is_needless: Callable[[News], bool]) -> None:
        self._waiting = [news for news in self._waiting if not is_needless(news)]
