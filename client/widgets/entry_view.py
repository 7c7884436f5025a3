"""What every entry of a transcript is on the screen: one light widget that can be shown again with a newer entry."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

from textual.widgets import Static

from client.core.transcript_entries import Entry

Shown = TypeVar("Shown", bound=Entry)


class EntryView(Static, Generic[Shown]):
    """One entry. Nothing in it is read as markup."""

    def __init__(self, entry: Shown) -> None:
        super().__init__(markup=False)
        self.entry = entry

    def on_mount(self) -> None:
        """Draw for the first time."""
        self.show(self.entry)

    @abstractmethod
    def show(self, entry: Shown) -> None:
        """Show this newer state of the entry."""
