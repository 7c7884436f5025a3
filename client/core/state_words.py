"""What the screen of the shared state says by itself."""

from __future__ import annotations

ABOUT = "What the agent remembers for you, in all your tabs and on all your devices."
EMPTY = (
    "Nothing is remembered yet.\n\n"
    "What you ask the agent to remember stands here, for all your tabs and devices, until it is forgotten. "
    "Ask it for instance:\n\n"
    "  → Remember that my favourite colour is blue\n\n"
    "Or write something down yourself: Ctrl+N."
)
CONTESTED = "F5 drops your changes; saving asks first."
GO_ON = "Go on editing"
