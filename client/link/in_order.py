"""The order in which a connection tells its tab: nothing before the tab listens, and no update twice."""

from __future__ import annotations

from client.link.wire import Listener
from shared.frames import Update
from shared.news import News, PersonReset


class InOrder:
    """Keeps what comes too early, and knows the number of the last update."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._early: list[Update | News] | None = []
        self._last_seq = 0

    @property
    def is_early(self) -> bool:
        """Whether nobody listens yet."""
        return self._early is not None

    def listen(self) -> None:
        """Tell what came so far, and from now on at once."""
        early, self._early = self._early or [], None
        for told in early:
            self._pass_on(told)

    def is_new(self, seq: object) -> bool:
        """Whether an update of that number was not told yet; one without a number always counts as new."""
        if not isinstance(seq, int):
            return True
        is_new, self._last_seq = seq > self._last_seq, max(seq, self._last_seq)
        return is_new

    def tell(self, told: Update | News) -> None:
        """Tell it, or keep it for when somebody listens. After a reset, updates are numbered from 1 again."""
        if isinstance(told, PersonReset):
            self._last_seq = 0
        if self._early is not None:
            self._early.append(told)
        else:
            self._pass_on(told)

    def _pass_on(self, told: Update | News) -> None:
        if isinstance(told, News):
            self._listener.heard_news(told)
        else:
            self._listener.heard(told)
