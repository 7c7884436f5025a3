"""Text from outside, row by row behind signs that it cannot write; only the rows on the screen are drawn."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from client.core.approval_preview import BlockLine, Sign
from client.core.block_rows import BlockRow, block_rows

MOST_WIDTHS = 4
"""How many widths are remembered."""


class PreviewBlock(Widget):
    """A diff, a command, an address. What comes and what goes is told by sign and by colour."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"preview-block--{sign.name.lower()}" for sign in Sign}
    ALLOW_SELECT = False

    def __init__(self, lines: tuple[BlockLine, ...]) -> None:
        super().__init__()
        self._lines = lines
        # Textual asks for the width with and without a scrollbar in turn.
        self._folded: dict[int, tuple[BlockRow, ...]] = {}

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 (Textual's)
        """As many rows as it takes."""
        return len(self._rows(width))

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.content_size.width
        rows = self._rows(width)
        if y >= len(rows):
            return Strip.blank(width, self.rich_style)
        row = rows[y]
        style = self.get_component_rich_style(f"preview-block--{row.sign.name.lower()}")
        return Strip([Segment(f"{row.mark} {row.text}", style)]).adjust_cell_length(width, style)

    def _rows(self, width: int) -> tuple[BlockRow, ...]:
        if width not in self._folded:
            if len(self._folded) >= MOST_WIDTHS:
                self._folded.clear()
            self._folded[width] = block_rows(self._lines, width)
        return self._folded[width]
