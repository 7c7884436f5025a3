"""What there is to know of a tab: ids in full, model, device, versions; each value can be copied."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from client.core.tab_details import TabDetails
from client.core.visible_text import visible


class DetailRow(Horizontal):
    """One label and its value; a click copies the value."""

    def __init__(self, label: str, value: str) -> None:
        super().__init__()
        self.label = label
        self.value = value

    def compose(self) -> ComposeResult:
        """The label, and the value in full."""
        yield Static(self.label, classes="label", markup=False)
        yield Static(visible(self.value, keep=""), classes="value", markup=False)

    def on_click(self) -> None:
        """Copy the value."""
        self.app.copy_to_clipboard(self.value)
        self.notify("Copied.", markup=False)


class DetailsScreen(ModalScreen[None]):
    """Closed with Esc or F2."""

    CSS_PATH = "details.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy('Session')", "Copy the session's id"),
        Binding("s", "copy('Signature')", "Copy the signature"),
        Binding("escape,f2,q", "dismiss", "Close"),
    ]

    def __init__(self, details: TabDetails) -> None:
        super().__init__()
        self._details = details

    def compose(self) -> ComposeResult:
        """A row per fact."""
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = Content(visible(self._details.name, keep=""))
            dialog.border_subtitle = "c copy session · s copy signature · Esc close"
            for label, value in self._details.rows():
                yield DetailRow(label, value)

    def action_copy(self, label: str) -> None:
        """Copy the value beside ``label``."""
        self.app.copy_to_clipboard(dict(self._details.rows())[label])
        self.notify(f"{label} copied.", markup=False)
