"""The answer that is being given: a Markdown widget fed about ten times a second.

Importing this file costs as much as Textual's Markdown; :mod:`client.widgets.answer_loader` does it late.
"""

from __future__ import annotations

from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownBlock

from client.core.transcript_entries import Answer
from client.core.visible_text import visible
from client.widgets.written_links import live_parser

FLUSH_SECONDS = 0.1
MOST_AT_ONCE = 4 * 1024
"""How many characters one flush takes up at most; the next one takes up what is left."""
MOST_OPEN, MOST_OPEN_LINES = 16 * 1024, 300
"""How long the last block may grow, in characters and in lines: it is parsed and laid out anew with each flush."""


class LiveAnswer(Markdown):
    """Collects pieces and appends them together; links in it say where they lead, and do nothing.

    Once a block is too long to be parsed again and again, what follows is plain text until the answer is finished.
    """

    def __init__(self, entry: Answer) -> None:
        super().__init__(visible(entry.text[:MOST_AT_ONCE]), parser_factory=live_parser, open_links=False)
        self.entry = entry
        self._pieces = [entry.text[MOST_AT_ONCE:]]
        self._plain: Static | None = None
        self._plain_text = ""

    def on_mount(self) -> None:
        """Flush at a steady pace."""
        self.set_interval(FLUSH_SECONDS, self._flush)

    def extend(self, text: str) -> None:
        """Show ``text`` after what stands here, with the next flush."""
        self._pieces.append(text)

    async def _flush(self) -> None:
        pieces = "".join(self._pieces)
        if not pieces:
            return
        self._pieces[:] = [pieces[MOST_AT_ONCE:]]
        text = visible(pieces[:MOST_AT_ONCE])
        if self._plain is None and self._is_short_with(text):
            await self.append(text)
        else:
            await self._append_plain(text)

    def _is_short_with(self, text: str) -> bool:
        last = self.children[-1] if self.children else None
        begin = last.source_range[0] if isinstance(last, MarkdownBlock) else 0
        lines = [*self.source.splitlines(keepends=True)[begin:], *text.splitlines(keepends=True)]
        return len(lines) <= MOST_OPEN_LINES and sum(map(len, lines)) <= MOST_OPEN

    async def _append_plain(self, text: str) -> None:
        # One widget after the other: one that grew for ever would be laid out anew with each flush, too.
        if self._plain is None or len(self._plain_text) > MOST_OPEN:
            self._plain, self._plain_text = Static(markup=False), ""
            await self.mount(self._plain)
        self._plain_text += text
        self._plain.update(self._plain_text)
