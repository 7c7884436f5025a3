"""The choke point before the terminal: nothing that came from outside drives it, whichever widget shows it."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from client.core.visible_text import visible_cells


class DisplayFilter(LineFilter):
    """Replaces control, escape, bidi, zero-width and tag characters in text by signs of one cell.

    Textual's own control segments pass, and a line never grows: what no longer fits is cut at its end.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 (Textual's signature)
        """The segments with nothing left in them that a terminal would obey."""
        shown = [_visible(segment) for segment in segments]
        if all(new is old for new, old in zip(shown, segments, strict=True)):
            return segments
        return Segment.adjust_line_length(shown, Segment.get_line_length(segments))


def _visible(segment: Segment) -> Segment:
    text, style, control = segment
    if control:
        return segment
    shown = visible_cells(text)
    if style is not None and style.link and (link := visible_cells(style.link)) != style.link:
        style = style.update_link(link)
    return segment if shown == text and style is segment.style else Segment(shown, style)
