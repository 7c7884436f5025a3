"""A short list over the screen, of which the person chooses one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from client.core.visible_text import visible


class LinePicker(ModalScreen[int | None]):
    """Ends with the index of the chosen line, or ``None``. A line is what it is called, and what is to know of it."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["line_picker.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Close"),
        *(Binding(str(number), f"choose({number - 1})", show=False) for number in range(1, 10)),
    ]

    def __init__(self, title: str, about: str, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._about = about
        self._lines = lines

    def compose(self) -> ComposeResult:
        """What it is about, and the lines, numbered."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(visible(self._title, keep=""))
            dialog.border_subtitle = "Enter or number · Esc"
            yield Static(visible(self._about, keep=""), classes="about", markup=False)
            yield OptionList(*(Option(_content(number, *line)) for number, line in enumerate(self._lines, 1)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        event.stop()
        self.dismiss(event.option_index)

    def action_choose(self, index: int) -> None:
        """A number."""
        if index < len(self._lines):
            self.dismiss(index)

    def action_cancel(self) -> None:
        """None of them."""
        self.dismiss(None)


def _content(number: int, name: str, detail: str) -> Content:
    return Content.assemble((f"{number} ", "bold"), visible(name, keep=""), f"  {visible(detail, keep='')}")
