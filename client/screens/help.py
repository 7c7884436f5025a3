"""Every key and command, made from the bindings that are really there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from client.core.visible_text import visible
from client.screens.help_groups import HelpGroup


class HelpScreen(ModalScreen[None]):
    """Closed with Esc or F1."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "dismiss", "Close")]

    def __init__(self, groups: Iterable[HelpGroup]) -> None:
        super().__init__()
        self._groups = tuple(groups)

    def compose(self) -> ComposeResult:
        """A table per group."""
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = "Keys and commands"
            dialog.border_subtitle = "↑ ↓ scroll · Esc close"
            for group in self._groups:
                yield Static(group.heading, classes="heading", markup=False)
                for pressed, does in group.rows:
                    with Horizontal(classes="row"):
                        yield Static(visible(pressed, keep=""), classes="pressed", markup=False)
                        yield Static(visible(does, keep=""), classes="does", markup=False)

    def on_mount(self) -> None:
        """Arrows scroll at once."""
        self.query_exactly_one(".dialog", VerticalScroll).focus()
