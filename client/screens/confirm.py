"""A yes-or-no question over the screen, naming what would be lost."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

_ROOM_FOR_WIDE_BUTTONS = 60
_ROOM_FOR_SPACE = 20
_ROWS_AROUND = 8
"""Of the dialog: its frame, its space, its answers, and what it leaves of the screen; less on a short one."""
_ROWS_AROUND_IN_SHORT = 5


class ConfirmScreen(ModalScreen[bool]):
    """Ends with true for yes; Esc and the button that has the focus say no. The answers are always on the screen."""

    CSS_PATH = "confirm.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROOM_FOR_WIDE_BUTTONS, "-wide")]  # noqa: RUF012 (Textual's own type)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_ROOM_FOR_SPACE, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", "The other button", show=False),
        Binding("up", "scroll(-1)", "Scroll up", show=False),
        Binding("down", "scroll(1)", "Scroll down", show=False),
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
            with VerticalScroll(classes="asked", can_focus=False):
                yield Static(self._question, classes="question", markup=False)
                for loss in self._losses:
                    with Horizontal(classes="loss"):
                        yield Static("•", classes="bullet")
                        yield Static(loss, classes="words", markup=False)
            with Horizontal(classes="answers"):
                yield Button(f"{self._no}  Esc", id="no", compact=True)
                yield Button(f"{self._yes}  y", id="yes", variant="error", compact=True)

    def on_resize(self, event: events.Resize) -> None:
        """What is asked takes what the answers leave."""
        rows = event.size.height
        around = _ROWS_AROUND_IN_SHORT if rows < _ROOM_FOR_SPACE else _ROWS_AROUND
        self.query_exactly_one(".asked").styles.max_height = max(rows - around, 1)

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

    def action_scroll(self, rows: int) -> None:
        """On a small screen, not all that would be lost has room at once."""
        self.query_exactly_one(".asked", VerticalScroll).scroll_relative(y=rows, animate=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse's way to answer."""
        event.stop()
        self.dismiss(event.button.id == "yes")
