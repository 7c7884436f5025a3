"""The code that takes a conversation to another machine, to be read off and typed there."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from client.core.handoff_words import how_long, in_groups
from client.core.visible_text import visible


class HandoffCodeScreen(ModalScreen[None]):
    """``code`` counts for so many ``seconds``, once."""

    CSS_PATH = "handoff_code.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy the command"),
        Binding("escape,enter,q", "dismiss", "Close"),
    ]

    def __init__(self, code: str, seconds: float) -> None:
        super().__init__()
        self._code = visible(in_groups(code), keep="")
        self._seconds = seconds

    def compose(self) -> ComposeResult:
        """The code, and what to do with it."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Hand this conversation over"
            dialog.border_subtitle = "c copy · Esc close"
            yield Static(" ".join(self._code), classes="code", markup=False)
            words = Content.assemble(
                "In Ringback on the other machine, as the same person, write\n",
                (f"/join {self._code}", "bold $primary"),
                f"\nIt takes the conversation there, once, within {how_long(self._seconds)}. "
                "Until then it stays here, and you can go on.",
            )
            yield Static(words, classes="words", markup=False)

    def action_copy(self) -> None:
        """Copy what is to be written there."""
        self.app.copy_to_clipboard(f"/join {self._code}")
        self.notify("Copied.", markup=False)
