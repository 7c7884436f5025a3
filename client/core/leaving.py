"""What is lost and what goes on if tabs are closed or the program is left now, as sentences for the person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """What becomes of what is under way when the person leaves."""

    ASK = "ask"
    GO_ON = "go_on"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Leaving:
    """One tab about to close: ``name`` is how the screen calls it.

    ``unsent`` messages wait to be taken; with ``is_open`` there is a line to take them.
    ``is_kept`` says that the tab is saved for the next start, ``goes_on`` that its conversation outlives it.
    """

    name: str
    has_draft: bool
    is_working: bool
    unsent: int
    approvals: int
    is_kept: bool = False
    goes_on: bool = False
    is_open: bool = False


def losses(tabs: Iterable[Leaving]) -> tuple[str, ...]:
    """One sentence per thing that would be lost; empty when leaving loses nothing."""
    return tuple(f"{tab.name}: {loss}." for tab in tabs for loss in _losses(tab))


def under_way(tabs: Iterable[Leaving]) -> tuple[str, ...]:
    """One sentence per thing that would go on without the screen."""
    return tuple(f"{tab.name}: {what}." for tab in tabs if tab.goes_on for what in _going_on(tab))


def _losses(tab: Leaving) -> list[str]:
    found = []
    if tab.has_draft and not tab.is_kept:
        found.append("a draft that was not sent")
    if tab.unsent and not tab.is_kept:
        found.append(_waiting(tab))
    return found if tab.goes_on else [*found, *_under_way(tab)]


def _going_on(tab: Leaving) -> list[str]:
    going = _under_way(tab)
    if tab.unsent and (going or tab.is_open):
        whats = "they become" if tab.unsent > 1 else "it becomes"
        # What is not kept was named as lost before.
        going.append(f"{_waiting(tab)}; stopped, {whats} the draft again" if tab.is_kept else _waiting(tab))
    return going


def _waiting(tab: Leaving) -> str:
    return f"{tab.unsent} messages that wait" if tab.unsent > 1 else "a message that waits"


def _under_way(tab: Leaving) -> list[str]:
    if tab.approvals:
        return [f"{tab.approvals} approvals that wait" if tab.approvals > 1 else "an approval that waits"]
    return ["an answer that is being given"] if tab.is_working else []
