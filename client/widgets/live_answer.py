"""The answer that is being given: a Markdown widget fed about ten times a second.

Importing this file costs as much as Textual's Markdown; :mod:`client.widgets.answer_loader` does it late.
"""

from __future__ import annotations

from textual.widgets import Markdown

from client.core.transcript_entries import Answer
from client.core.visible_text import visible

FLUSH_SECONDS = 0.1


class LiveAnswer(Markdown):
    """Collects pieces and appends them together; links in it do nothing."""

    def __init__(self, entry: Answer) -> None:
        super().__init__(visible(entry.text), open_links=False)
        self.entry = entry
        self._pieces: list[str] = []

    def on_mount(self) -> None:
        """Flush at a steady pace."""
        self.set_interval(FLUSH_SECONDS, self._flush)

    def extend(self, text: str) -> None:
        """Show ``text`` after what stands here, with the next flush."""
        self._pieces.append(text)

    async def _flush(self) -> None:
        if self._pieces:
            text = visible("".join(self._pieces))
            self._pieces.clear()
            await self.append(text)
