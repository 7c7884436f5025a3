"""Every argument of a call in full: one widget each, so that no text in one can look like another."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from client.core.approval_preview import plain_lines
from client.core.argument_text import shown_arguments
from client.widgets.preview_block import PreviewBlock
from shared.json_types import JsonObject

LONG = 4_000
"""Of a longer text, in characters, only the rows on the screen are drawn: all of it at once would take seconds."""


class ArgumentList(Vertical):
    """Wrapped; invisible characters are named."""

    def __init__(self, arguments: JsonObject) -> None:
        super().__init__()
        self._arguments = arguments

    def compose(self) -> ComposeResult:
        """One row per argument."""
        if not self._arguments:
            yield Static("No arguments", classes="none", markup=False)
        for shown in shown_arguments(self._arguments):
            if len(shown.text) > LONG:
                yield Static(Content.styled(shown.name, "bold"), classes="argument")
                yield PreviewBlock(plain_lines(shown.text))
                continue
            between = "\n" if shown.is_block else "  "
            yield Static(Content.assemble((shown.name, "bold"), between, shown.text), classes="argument")
