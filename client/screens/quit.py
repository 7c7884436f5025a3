"""Whether what is under way goes on without the screen, or is stopped, when the person leaves."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from client.core.leaving import Way
from client.screens.question import QuestionScreen

_ROOM_FOR_WIDE_BUTTONS = 66


class QuitScreen(QuestionScreen[Way | None]):
    """Ends with what is to be done, or ``None`` to stay. Enter lets things go on."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["question.tcss", "quit.tcss"]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROOM_FOR_WIDE_BUTTONS, "-wide")]  # noqa: RUF012 (Textual's own type)
    ROWS_AROUND = 9
    ROWS_AROUND_IN_SHORT = 6
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "choose('go_on')", "Let it go on"),
        Binding("s", "choose('stop')", "Stop it"),
        Binding("escape,n", "stay", "Stay"),
        Binding("right", "app.focus_next", "The next button", show=False),
        Binding("left", "app.focus_previous", "The button before", show=False),
    ]

    def __init__(self, under_way: tuple[str, ...]) -> None:
        """``under_way`` are sentences."""
        super().__init__()
        self._under_way = under_way

    def compose(self) -> ComposeResult:
        """What is under way, what becomes of it, and the three answers."""
        with Vertical(classes="dialog"):
            yield from self.asked("Leave Ringback? This is under way:", self._under_way)
            yield Static(
                "It can go on without this screen: the server keeps it, and approvals wait for you.",
                classes="about",
                markup=False,
            )
            with Horizontal(classes="answers"):
                yield Button("Stay  Esc", id="stay", compact=True)
                yield Button("Stop it  s", id="stop", compact=True)
                yield Button("Let it go on  g", id="go_on", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Enter lets it go on."""
        self.query_exactly_one("#go_on", Button).focus()

    def action_choose(self, way: str) -> None:
        """Leave so."""
        self.dismiss(Way(way))

    def action_stay(self) -> None:
        """Do not leave."""
        self.dismiss(None)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse's way to answer, and Enter's."""
        event.stop()
        self.dismiss(None if event.button.id == "stay" else Way(event.button.id or ""))
