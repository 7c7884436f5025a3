"""The line above the composer while another device holds the conversation: who it is, and the way to take it over."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from client.core.visible_text import visible
from client.widgets.keys_in_order import run_binding


class HeldLine(Static, can_focus=True):
    """Not there while ``holder`` is ``None``. Tab, or Enter on an empty draft, goes to it; Enter there takes over."""

    BINDING_GROUP_TITLE = "Held elsewhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "press", "Take the conversation over"),
        Binding("escape", "screen.back", "Back to the draft", show=False),
    ]

    holder: reactive[str | None] = reactive(default=None, init=False)

    class Pressed(Message):
        """The person wants to take over."""

    class Typed(Message):
        """A printable key was pressed here: it belongs to the draft."""

        def __init__(self, character: str) -> None:
            super().__init__()
            self.character = character

    def watch_holder(self) -> None:
        """Be there or not, and say who."""
        self.set_class(self.holder is not None, "-held")
        self._write()

    async def on_key(self, event: events.Key) -> None:
        """Enter takes over, what can be written goes to the draft."""
        if event.key == "enter":
            await run_binding(self, event)
        elif event.is_printable and event.character is not None:
            event.stop()
            self.post_message(self.Typed(event.character))

    def on_click(self) -> None:
        """The mouse's way."""
        self.action_press()

    def action_press(self) -> None:
        """Ask for it."""
        self.post_message(self.Pressed())

    def on_focus(self) -> None:
        """Say what Enter does now."""
        self._write()

    def on_blur(self) -> None:
        """Say how to come here."""
        self._write()

    def _write(self) -> None:
        name = visible(self.holder or "", keep="")
        way = "Enter: take it over" if self.has_focus else "Take over: Tab, Enter · or click"
        self.update(
            Content.assemble(("⌁ ", "bold $warning"), (name, "bold"), " holds this conversation.  ", (way, "$warning"))
        )
