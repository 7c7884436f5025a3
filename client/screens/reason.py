"""Why the person rejects a call, in a line of their own for the agent."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from client.core.visible_text import visible

MOST_CHARACTERS = 500


class ReasonScreen(ModalScreen[str | None]):
    """Ends with the reason, or ``None`` if the call is not to be rejected now."""

    CSS_PATH = "reason.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close")]

    def __init__(self, tool: str) -> None:
        super().__init__()
        self._tool = tool

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(f"Reject {visible(self._tool, keep='')}")
            dialog.border_subtitle = "Enter rejects · Esc goes back"
            yield Static("Why not? The agent reads it.", classes="about", markup=False)
            yield Input(placeholder="Use another folder", compact=True, max_length=MOST_CHARACTERS)

    def on_mount(self) -> None:
        """The next key lands in the reason."""
        self.query_exactly_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter rejects, with or without a reason."""
        event.stop()
        self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        """The question waits on."""
        self.dismiss(None)
