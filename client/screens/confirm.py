"""A yes-or-no question over the screen, naming what would be lost."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from client.screens.question import QuestionScreen

_ROOM_FOR_WIDE_BUTTONS = 60


class ConfirmScreen(QuestionScreen[bool]):
    """Ends with true for yes; Esc and the button that has the focus say no. The answers are always on the screen."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["question.tcss", "confirm.tcss"]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROOM_FOR_WIDE_BUTTONS, "-wide")]  # noqa: RUF012 (Textual's own type)
    ROWS_AROUND = 8
    ROWS_AROUND_IN_SHORT = 5
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", "The other button", show=False),
    ]

    def __init__(self, question: str, losses: tuple[str, ...], yes: str, no: str, *, patience: float = 0.0) -> None:
        """``patience`` is for how many seconds after it was painted a letter is no yes."""
        super().__init__()
        self._patience = patience
        self.is_armed = not patience
        """Whether a letter says yes by now."""
        self._question = question
        self._losses = losses
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The question, the losses, the two answers."""
        with Vertical(classes="dialog"):
            yield from self.asked(self._question, self._losses)
            with Horizontal(classes="answers"):
                yield Button(f"{self._no}  Esc", id="no", compact=True)
                yield Button(f"{self._yes}  y", id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        """Enter says no."""
        self.query_exactly_one("#no", Button).focus()
        if not self.is_armed:
            self.call_after_refresh(self.set_timer, self._patience, self._arm)

    def _arm(self) -> None:
        self.is_armed = True

    def action_answer(self, yes: bool) -> None:  # noqa: FBT001 (called by a key's action)
        """End with the answer."""
        if self.is_armed or not yes:
            self.dismiss(yes)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse's way to answer."""
        event.stop()
        self.dismiss(event.button.id == "yes")
