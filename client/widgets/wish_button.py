"""One wish about a question, for the mouse: its key and what it does."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from client.core.approval_words import WISHES, Wish


class WishButton(Static):
    """Posts :class:`Pressed` when clicked; it never takes the focus."""

    class Pressed(Message):
        """The person clicked it."""

        def __init__(self, wish: Wish) -> None:
            super().__init__()
            self.wish = wish

    def __init__(self, wish: Wish) -> None:
        key, label = WISHES[wish]
        super().__init__(Content.assemble((f" {key}", "bold"), f" {label}"))
        self.set_class(wish is Wish.REASON, "-rejects")
        self.wish = wish

    def on_click(self) -> None:
        """Tell the panel."""
        self.post_message(self.Pressed(self.wish))
