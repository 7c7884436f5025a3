"""Notices an agent that goes in circles: the same call with the same arguments, again and again in one turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

REPEATS = 3
"""How often the same call is asked for before the person is asked whether to go on."""


@dataclass
class DoomLoop:
    """The calls of the running turn, by tool and arguments' hash. Pure."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def seen(self, tool_name: str, arguments_hash: str) -> bool:
        """Count a call; whether it is the third of its kind, or the third again since the person was asked."""
        self.counts[tool_name, arguments_hash] += 1
        return self.counts[tool_name, arguments_hash] % REPEATS == 0

    def times(self, tool_name: str, arguments_hash: str) -> int:
        """How often the call was asked for in this turn."""
        return self.counts[tool_name, arguments_hash]

    def clear(self) -> None:
        """A turn begins."""
        self.counts.clear()


def ordinal(number: int) -> str:
    """``number`` as people say it: 1st, 2nd, 3rd, 4th."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
