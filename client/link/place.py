"""How far a conversation was heard, and what the number of the next update says about that.

::

    number = last + 1 ──► NEXT, the place moves on
    number ≤ last     ──► AGAIN, it was told before
    number > last + 1 ──► MISSING; when the same hole was met before and nothing filled it: HOLE, the place moves on

Pure. A server that numbers nothing, or that nothing can be asked of again, has no holes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from shared.ids import SessionId


class Heard(Enum):
    """What an update is to somebody at a place."""

    NEXT = auto()
    AGAIN = auto()
    MISSING = auto()
    HOLE = auto()


@dataclass(slots=True)
class Place:
    """``last_seq`` is the number of the last update heard, as the server counts; ``lease_secret`` takes it back.

    ``is_used`` says whether there is anything in the conversation that could be lost.
    """

    session_id: SessionId
    last_seq: int = 0
    lease_secret: str | None = field(default=None, repr=False)
    is_used: bool = False
    _hole: int | None = None

    @property
    def is_resumable(self) -> bool:
        """Whether the conversation outlives its connection."""
        return self.lease_secret is not None

    def hear(self, seq: object) -> Heard:
        """What the update numbered ``seq`` is; after ``NEXT`` and ``HOLE`` it counts as heard."""
        if not isinstance(seq, int):
            return Heard.NEXT
        if seq <= self.last_seq:
            return Heard.AGAIN
        heard = Heard.NEXT
        if seq > self.last_seq + 1 and self.is_resumable:
            if self._hole != self.last_seq:
                self._hole = self.last_seq
                return Heard.MISSING
            heard = Heard.HOLE
        self.last_seq = seq
        return heard

    def start_over(self) -> None:
        """All of it is told again, or there is nothing in it: the next number is 1."""
        self.last_seq, self._hole = 0, None
