"""One answer to an approval, for the mouse: its key and what it does."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from shared.frames import Choice

LABELS: dict[Choice, tuple[str, str]] = {
    Choice.ALLOW_ONCE: ("a", "Allow once"),
    Choice.ALLOW_TOOL: ("s", "Allow tool"),
    Choice.ALLOW_EXACT: ("A", "Allow exact"),
    Choice.REJECT_ONCE: ("r", "Reject"),
    Choice.REJECT_TOOL: ("X", "Reject tool"),
}
"""Key and label of each answer, in the order the panel shows them."""


class ChoiceButton(Static):
    """Posts :class:`Pressed` when clicked; it never takes the focus."""

    class Pressed(Message):
        """The person clicked this answer."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, choice: Choice) -> None:
        key, label = LABELS[choice]
        super().__init__(Content.assemble((f" {key}", "bold"), f" {label}"), id=f"choice-{choice.value}")
        self.set_class(choice.allows, "-allows")
        self.choice = choice

    def on_click(self) -> None:
        """Tell the panel."""
        self.post_message(self.Pressed(self.choice))
