"""What a call would do on this device: the prompt's own lines, and below them what comes from outside."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from client.core.approval_preview import AS_ASKED, Preview
from client.widgets.argument_list import ArgumentList
from client.widgets.preview_block import PreviewBlock
from shared.json_types import JsonObject


class PreviewView(Vertical):
    """Only shows; the arguments that the block does not show in full stand below a line of the prompt's own."""

    def __init__(self, preview: Preview, arguments: JsonObject) -> None:
        super().__init__()
        self._preview = preview
        self._left = {name: value for name, value in arguments.items() if name not in preview.shown}

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        for fact in self._preview.facts:
            text = f"! {fact.text}" if fact.is_warning else fact.text
            yield Static(text, classes="fact -warning" if fact.is_warning else "fact", markup=False)
        if self._preview.block:
            yield PreviewBlock(self._preview.block)
        if self._left:
            yield Static(AS_ASKED, classes="none", markup=False)
            yield ArgumentList(self._left)
