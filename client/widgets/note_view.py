"""A sentence of the program itself in the transcript."""

from __future__ import annotations

from client.core.transcript_entries import Note, Tone
from client.core.visible_text import visible
from client.widgets.entry_view import EntryView

_SIGNS = {Tone.INFO: "·", Tone.ERROR: "\N{MULTIPLICATION SIGN}"}


class NoteView(EntryView[Note]):
    """A notice or an error, told apart by its sign and its colour."""

    def show(self, entry: Note) -> None:
        """Show the sentence."""
        self.entry = entry
        self.set_class(entry.tone is Tone.ERROR, "-error")
        self.update(f"{_SIGNS[entry.tone]} {visible(entry.text)}")
