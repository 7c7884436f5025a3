"""A question over the screen that names several things; what it names scrolls, its answers are always to be seen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

Answer = TypeVar("Answer")

_ROOM_FOR_SPACE = 20


class QuestionScreen(ModalScreen[Answer]):
    """What screens of this kind share; each composes its answers below :meth:`asked`."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["question.tcss"]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_ROOM_FOR_SPACE, "-tall")]  # noqa: RUF012 (Textual's own type)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll(-1)", "Scroll up", show=False),
        Binding("down", "scroll(1)", "Scroll down", show=False),
    ]
    ROWS_AROUND: ClassVar[int]
    """Of the dialog: its frame, its space, its answers, and what it leaves of the screen."""
    ROWS_AROUND_IN_SHORT: ClassVar[int]

    def asked(self, question: str, sentences: Iterable[str]) -> ComposeResult:
        """The question, and what it names."""
        with VerticalScroll(classes="asked", can_focus=False):
            yield Static(question, classes="question", markup=False)
            for sentence in sentences:
                with Horizontal(classes="loss"):
                    yield Static("•", classes="bullet")
                    yield Static(sentence, classes="words", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """What is asked takes what the answers leave."""
        rows = event.size.height
        around = self.ROWS_AROUND_IN_SHORT if rows < _ROOM_FOR_SPACE else self.ROWS_AROUND
        self.query_exactly_one(".asked").styles.max_height = max(rows - around, 1)

    def action_scroll(self, rows: int) -> None:
        """On a small screen, not all has room at once."""
        self.query_exactly_one(".asked", VerticalScroll).scroll_relative(y=rows, animate=False)
