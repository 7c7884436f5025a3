"""What a question shows beside its arguments: what the call would do on this device. Pure.

::

    ┌ facts: the prompt's own words, with no bar in front
    │ block: text from outside, each row behind a bar and a sign that no text can write
    └ the arguments that the block does not show in full, below a line of the prompt's own
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

AS_ASKED = "Asked for with"
NOT_YET = "Looking at what this would do on this device …"


class Sign(StrEnum):
    """What stands in front of a row of the block."""

    SAME = " "
    ADDED = "+"
    REMOVED = "-"
    GAP = "⋯"
    COMMAND = "$"
    FURTHER = ">"
    ADDRESS = "→"
    OPENED = "⇒"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the prompt's own; what it names from outside is made visible already."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class BlockLine:
    """One line of the block, with every invisible character named; it may take several rows."""

    sign: Sign
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """``shown`` names the arguments that the block shows in full."""

    facts: tuple[Fact, ...] = ()
    block: tuple[BlockLine, ...] = ()
    shown: frozenset[str] = frozenset()


PREVIEWED = frozenset({"write_file", "run_command", "open_url"})
"""The tools whose questions have one; an answer counts only once it is seen."""


def plain_lines(text: str) -> tuple[BlockLine, ...]:
    """Text that is made visible already, as a block."""
    return tuple(BlockLine(Sign.SAME, line) for line in text.split("\n"))
