"""What a reset takes away, as the person is told before it, on the screen and on the command line."""

from __future__ import annotations

QUESTION = "Forget everything of yours on this server?"
LOSSES = (
    "All your conversations, also those in other tabs and on other devices.",
    "All that the agent was asked to remember: the shared state.",
    "All that runs without asking you: your grants.",
    "Answers that are being given, and approvals that wait: they end first.",
)
YES = "Forget it all"
NO = "Keep it"
