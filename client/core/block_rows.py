"""How the lines of a preview's block are folded into the rows of a screen, each behind its sign. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import chop_cells

from client.core.approval_preview import BlockLine, Sign

FOLDED = "↪"
"""The sign of a row that goes on with the line above: no text can stand where it stands."""
MARGIN = 2
"""The sign and a blank, in cells."""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One row of the screen: ``sign`` is its line's, ``mark`` what is written in front of it."""

    sign: Sign
    mark: str
    text: str


def block_rows(lines: tuple[BlockLine, ...], width: int) -> tuple[BlockRow, ...]:
    """Every line in full, in rows of at most ``width`` cells."""
    room = max(width - MARGIN, 2)
    rows = []
    for line in lines:
        is_short = line.text.isascii() and len(line.text) <= room
        pieces = [line.text] if is_short else chop_cells(line.text, room) or [""]
        rows += [BlockRow(line.sign, FOLDED if number else line.sign, piece) for number, piece in enumerate(pieces)]
    return tuple(rows)
