"""Every argument of a call in full: one widget each, so that no text in one can look like another."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from client.core.argument_text import shown_arguments
from shared.json_types import JsonObject


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
            between = "\n" if shown.is_block else "  "
            yield Static(Content.assemble((shown.name, "bold"), between, shown.text), classes="argument")
