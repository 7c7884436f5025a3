"""Mends two entries of Textual's table of key sequences, for terminals without the Kitty keyboard protocol.

In Textual 8.2 Alt with a digit arrives as a sign such as ``¡``, because one terminal on one system sends it so for
typing, and Alt+Enter arrives as Enter, which would send a message that the person only wanted to break.
"""

from __future__ import annotations

from typing import cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import Keys

_ESCAPE = "\x1b"


def mend_key_sequences() -> None:
    """Let Alt+1 to Alt+9 arrive as such, and Alt+Enter as Ctrl+J. Doing it again changes nothing."""
    table = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)  # read-only by its type alone
    for digit in "123456789":
        table.pop(_ESCAPE + digit, None)
    table[_ESCAPE + "\r"] = (Keys.ControlJ,)
