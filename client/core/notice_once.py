"""A server's notice reaches every tab of a person; this knows which copy of it is the one to show.

Pure: the caller gives the time, in seconds of any one clock that only goes forward.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

SAME_SECONDS = 5.0
"""How long the copies of one notice may take to arrive."""


@dataclass
class NoticeOnce:
    """Remembers who heard which notice lately."""

    _heard: dict[str, tuple[float, set[Hashable]]] = field(default_factory=dict)

    def is_first(self, message: str, by: Hashable, now: float) -> bool:
        """Whether ``by`` is the first to hear this notice; the same words heard by it again are a new one."""
        self._heard = {text: told for text, told in self._heard.items() if now - told[0] <= SAME_SECONDS}
        _, hearers = self._heard.get(message, (now, set()))
        if message in self._heard and by not in hearers:
            hearers.add(by)
            return False
        self._heard[message] = (now, {by})
        return True
