"""What was sent from one composer, to be recalled line by line like a shell's history."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_KEPT = 500
"""How many messages are kept."""


@dataclass
class ComposerHistory:
    """Messages from old to new, and where the person is in them; the draft waits at the new end."""

    messages: list[str] = field(default_factory=list)
    position: int = 0
    draft: str = ""

    def add(self, message: str) -> None:
        """Keep a sent message, a repeat of the last one only once, and go back to the new end."""
        if not self.messages or self.messages[-1] != message:
            self.messages.append(message)
            del self.messages[:-MAX_KEPT]
        self.position, self.draft = len(self.messages), ""

    def older(self, shown: str) -> str | None:
        """The message before the one shown, or ``None`` at the oldest. ``shown`` is kept if it is the draft."""
        if self.position == 0:
            return None
        if self.position == len(self.messages):
            self.draft = shown
        self.position -= 1
        return self.messages[self.position]

    def newer(self) -> str | None:
        """The message after the one shown, the draft after the newest, or ``None`` when the draft is shown."""
        if self.position == len(self.messages):
            return None
        self.position += 1
        return self.draft if self.position == len(self.messages) else self.messages[self.position]
