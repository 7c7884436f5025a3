"""The name of a new key in the shared state."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class KeyNameScreen(ModalScreen[str | None]):
    """Ends with the name, or ``None``. An empty one is none."""

    CSS_PATH = "key_name.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close")]

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "New key"
            dialog.border_subtitle = "Enter · Esc"
            yield Static("What is to be remembered under which name?", classes="about", markup=False)
            yield Input(placeholder="favourite colour", compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value)
