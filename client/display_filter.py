"""The choke point before the terminal: nothing that came from outside drives it, whichever widget shows it."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from client.core.visible_text import is_invisible_in, visible_cells


class DisplayFilter(LineFilter):
    """Replaces control, escape, bidi, zero-width and tag characters in text by signs of one cell.

    Textual's own control segments pass, and a line never grows: what no longer fits is cut at its end.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 (Textual's signature)
        """The segments with nothing left in them that a terminal would obey."""
        if not any(_hides_something(segment) for segment in segments):
            return segments
        shown = [_visible(segment) for segment in segments]
        return Segment.adjust_line_length(shown, Segment.get_line_length(segments))


def _hides_something(segment: Segment) -> bool:
    text, style, control = segment
    return not control and (is_invisible_in(text) or (style is not None and is_invisible_in(style.link or "")))


def _visible(segment: Segment) -> Segment:
    text, style, control = segment
    if control:
        return segment
    if style is not None and style.link:
        style = style.update_link(visible_cells(style.link))
    return Segment(visible_cells(text), style)
