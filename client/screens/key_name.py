"""The name of a new key in the shared state."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from client.core.state_words import too_long


class KeyInput(Input):
    """Where the name is written. ``is_taken`` says whether a text is a name: then no key typed behind it is lost."""

    def __init__(self, is_taken: Callable[[str], bool]) -> None:
        super().__init__(placeholder="favourite colour", compact=True)
        self._is_taken = is_taken
        self._is_done = False

    async def on_event(self, event: events.Event) -> None:
        """A terminal can send Enter and what comes behind it at once; that belongs to what is shown then."""
        if self._is_done and isinstance(event, events.Key | events.Paste):
            typed: Message = (
                events.Key(event.key, event.character) if isinstance(event, events.Key) else events.Paste(event.text)
            )
            self.app.post_message(typed)
        elif isinstance(event, events.Key) and event.key == "enter":
            self._is_done = self._is_taken(self.value)
        else:
            await super().on_event(event)


class KeyNameScreen(ModalScreen[None]):
    """Calls ``begin`` with the name and is gone. An empty one is none, and why one is too long is told."""

    CSS_PATH = "key_name.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    def __init__(self, begin: Callable[[str], None]) -> None:
        super().__init__()
        self._begin = begin

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "New key"
            dialog.border_subtitle = "Enter · Esc"
            yield Static("What is to be remembered under which name?", classes="about", markup=False)
            yield KeyInput(self._take)

    def on_mount(self) -> None:
        """The next key lands in the name."""
        self.set_focus(self.query_exactly_one(KeyInput))

    def _take(self, key: str) -> bool:
        wrong = too_long(key)
        if wrong is not None:
            told = self.query_exactly_one(".about", Static)
            told.add_class("-wrong")
            told.update(f"\N{MULTIPLICATION SIGN} {wrong}")
        elif key.strip():
            self._begin(key)
            self.dismiss()
            return True
        return False
