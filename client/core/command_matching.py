"""Which slash commands fit a draft, and what Tab makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandHint:
    """A command as the composer offers it: ours or the agent's."""

    name: str
    summary: str
    hint: str = ""


def fitting(draft: str, offered: Iterable[CommandHint]) -> tuple[CommandHint, ...]:
    """The commands whose name begins with what stands after ``/``; none once the name is followed by more."""
    if not draft.startswith("/") or any(character.isspace() for character in draft):
        return ()
    return tuple(command for command in offered if command.name.startswith(draft[1:]))


def completed(draft: str, hints: tuple[CommandHint, ...]) -> str | None:
    """The draft with the name completed as far as all ``hints`` agree; ``None`` if that adds nothing."""
    if not hints:
        return None
    if len(hints) == 1:
        longer = f"/{hints[0].name} "
    else:
        shared = hints[0].name
        for command in hints:
            while not command.name.startswith(shared):
                shared = shared[:-1]
        longer = f"/{shared}"
    return longer if len(longer) > len(draft) else None
