"""Passes changes of shared state on inside of one server; implements ``server.state.changes.Changes``."""

from __future__ import annotations

import logging
from collections.abc import Callable

from server.core.identity import Identity
from server.state.changes import Listener, StateChange

logger = logging.getLogger(__name__)


class LocalChanges:
    """Tells at once, in the publisher's own task."""

    def __init__(self) -> None:
        self._listeners: dict[Identity, dict[object, Listener]] = {}

    def publish(self, change: StateChange) -> None:
        """Tell all who listen to its owner."""
        for listener in tuple(self._listeners.get(change.owner, {}).values()):
            try:
                listener(change)
            except Exception:
                logger.exception("a bug in one who listens to shared state")

    def subscribe(self, owner: Identity, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` told from now on; call the result to end that, once or more."""
        ticket = object()
        self._listeners.setdefault(owner, {})[ticket] = listener

        def unsubscribe() -> None:
            mine = self._listeners.get(owner, {})
            mine.pop(ticket, None)
            if not mine:
                self._listeners.pop(owner, None)

        return unsubscribe
