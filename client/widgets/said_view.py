"""A message of the person in the transcript."""

from __future__ import annotations

from textual.content import Content

from client.core.transcript_entries import Delivery, Said
from client.core.visible_text import visible
from client.widgets.entry_view import EntryView


class SaidView(EntryView[Said]):
    """Dim with a word beside it until the agent has taken the message."""

    def show(self, entry: Said) -> None:
        """Show the message and whether it arrived."""
        self.entry = entry
        self.set_class(entry.delivery is not Delivery.TAKEN, "-waiting")
        parts = [Content(visible(entry.text))]
        if entry.delivery.value:
            parts.append(Content.styled(f"  ({entry.delivery.value})", "italic"))
        self.update(Content.assemble(*parts))
