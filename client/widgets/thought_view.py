"""A stretch of the agent's thinking in the transcript."""

from __future__ import annotations

from client.core.transcript_entries import Thought
from client.core.visible_text import visible
from client.widgets.entry_view import EntryView


class ThoughtView(EntryView[Thought]):
    """The thinking as plain text, quieter than an answer."""

    def show(self, entry: Thought) -> None:
        """Show the thinking so far."""
        self.entry = entry
        self.update(visible(entry.text.strip()))
