"""A yes-or-no question over the screen, naming what would be lost."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class ConfirmScreen(ModalScreen[bool]):
    """Ends with true for yes; Esc and the button that has the focus say no."""

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right,up,down", "app.focus_next", "The other button", show=False),
    ]

    def __init__(self, question: str, losses: tuple[str, ...], yes: str, no: str) -> None:
        super().__init__()
        self._question = question
        self._losses = losses
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The question, the losses, the two answers."""
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            yield Static("\n".join(f"• {loss}" for loss in self._losses), classes="losses", markup=False)
            with Horizontal(classes="answers"):
                yield Button(f"{self._no}  Esc", id="no", compact=True)
                yield Button(f"{self._yes}  y", id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        """Enter says no."""
        self.query_exactly_one("#no", Button).focus()

    def action_answer(self, yes: bool) -> None:  # noqa: FBT001 (called by a key's action)
        """End with the answer."""
        self.dismiss(yes)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse's way to answer."""
        event.stop()
        self.dismiss(event.button.id == "yes")
