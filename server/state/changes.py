"""Who wants to know that a person's shared state changed, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from server.core.identity import Identity
from shared.ids import ConnectionSignature
from shared.news import StateChanged


@dataclass(frozen=True, slots=True)
class StateChange:
    """One change of one person's state; ``origin`` is the connection that made it, if one did."""

    owner: Identity
    origin: ConnectionSignature | None
    news: StateChanged


Listener = Callable[[StateChange], None]


class Changes(Protocol):
    """Passes changes on, in the order of each key's changes."""

    def publish(self, change: StateChange) -> None:
        """Tell all who listen to its owner. A listener that fails spoils nothing for the others."""
        ...

    def subscribe(self, owner: Identity, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` told from now on; call the result to end that."""
        ...
