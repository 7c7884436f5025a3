"""The line at the top of a long transcript: how many earlier entries there are, and a click to show some."""

from __future__ import annotations

from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static


class EarlierLine(Static):
    """Posts :class:`Wanted` when clicked."""

    class Wanted(Message):
        """The person wants to see earlier entries."""

    count: reactive[int] = reactive(0)

    def watch_count(self, count: int) -> None:
        """Say how many."""
        self.update(f"↑ {count} earlier entries")

    def on_click(self) -> None:
        """Ask for some."""
        self.post_message(self.Wanted())
