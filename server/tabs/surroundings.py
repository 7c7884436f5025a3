"""What the approvals of a conversation ask of the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.frames import Update


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``tell`` numbers an update and puts it into the ledger; ``remember`` keeps what the person said "always" to.

    ``wake`` has a turn that sleeps go on, ``doze`` puts the running one to sleep, ``stop`` begins to end it as if the
    person had cancelled it; ``rest`` is called when something came to its end.
    """

    tell: Callable[[Update], None]
    wake: Callable[[], None]
    doze: Callable[[], None]
    stop: Callable[[], None]
    rest: Callable[[], None]
    remember: Callable[[], None]
