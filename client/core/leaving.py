"""What would be lost if tabs were closed now, as sentences for the person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leaving:
    """One tab about to close: ``name`` is how the screen calls it."""

    name: str
    has_draft: bool
    is_working: bool
    unsent: int
    approvals: int


def losses(tabs: Iterable[Leaving]) -> tuple[str, ...]:
    """One sentence per thing that would be lost; empty when leaving loses nothing."""
    return tuple(f"{tab.name}: {loss}." for tab in tabs for loss in _losses(tab))


def _losses(tab: Leaving) -> list[str]:
    found = []
    if tab.has_draft:
        found.append("a draft that was not sent")
    if tab.unsent:
        found.append(f"{tab.unsent} messages that wait" if tab.unsent > 1 else "a message that waits")
    if tab.approvals:
        found.append(f"{tab.approvals} approvals that wait" if tab.approvals > 1 else "an approval that waits")
    elif tab.is_working:
        found.append("an answer that is being given")
    return found
