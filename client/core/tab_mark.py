"""The one mark a tab carries, and which tab waits for the person next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class LinkState(Enum):
    """What a tab's line is doing; the value is what the screen says."""

    CONNECTING = "connecting"
    RESUMING = "resuming"
    OPEN = "connected"
    HELD = "held elsewhere"
    LOST = "not connected"
    FAILED = "cannot connect"


class Mark(Enum):
    """A tab's mark, the most urgent first; the value is its character."""

    APPROVAL = "!"
    ERROR = "\N{MULTIPLICATION SIGN}"
    NOT_CONNECTED = "⌁"
    WORKING = "◌"
    UNREAD = "●"
    QUIET = " "


SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
"""The characters that stand for :attr:`Mark.WORKING`, one after the other, where things may move."""


@dataclass(frozen=True, slots=True)
class TabState:
    """What a tab's label, the status line and the questions before leaving are made of."""

    link: LinkState = LinkState.CONNECTING
    approvals: int = 0
    is_working: bool = False
    has_error: bool = False
    is_unread: bool = False

    @property
    def is_connected(self) -> bool:
        """Whether the line is there."""
        return self.link is LinkState.OPEN

    @property
    def mark(self) -> Mark:
        """The most urgent thing to say of this tab."""
        if self.approvals:
            return Mark.APPROVAL
        if self.has_error or self.link is LinkState.FAILED:
            return Mark.ERROR
        if self.link is not LinkState.OPEN:
            return Mark.NOT_CONNECTED
        if self.is_working:
            return Mark.WORKING
        return Mark.UNREAD if self.is_unread else Mark.QUIET


def next_waiting(states: Sequence[TabState], current: int) -> int | None:
    """Index of the next tab that waits for the person, from ``current`` on and round.

    Approvals come first, then errors, then what is unread; ``None`` if no other tab waits.
    """
    others = [(current + step) % len(states) for step in range(1, len(states))]
    for wanted in (Mark.APPROVAL, Mark.ERROR, Mark.UNREAD):
        for index in others:
            if states[index].mark is wanted:
                return index
    return None
