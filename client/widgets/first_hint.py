"""What an empty transcript says: what can be tried, until the first entry stands there."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

_TRIES = ("Change BGM to track 1", "What's my location?", "What is 17 * 23?")


class FirstHint(Static):
    """Goes away with the first entry."""

    def __init__(self) -> None:
        lines = [
            Content.styled("Ringback", "bold $primary"),
            Content("Every tab is a line of its own. What a tool asks, it asks in the tab that called it."),
            Content(""),
            Content.styled("Try", "$foreground-muted"),
            *(Content.assemble(("  → ", "$primary"), text) for text in _TRIES),
            Content(""),
            Content.styled("F1 shows every key.", "$foreground-muted"),
        ]
        super().__init__(Content("\n").join(lines))
