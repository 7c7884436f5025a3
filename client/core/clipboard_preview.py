"""What the question about the clipboard warns of, which is seen without a look at the device. Pure."""

from __future__ import annotations

from client.core.approval_preview import Fact, Preview
from shared.json_types import JsonObject

ENDS_A_LINE = "Ends with a line end: what it is pasted into, such as a shell, may run it at once"


def clipboard_preview(name: str, arguments: JsonObject) -> Preview | None:
    """A warning if ``copy_to_clipboard`` is to copy a text that ends with a line end; ``None`` for all other calls."""
    text = arguments.get("text")
    if name != "copy_to_clipboard" or not isinstance(text, str) or not text.endswith(("\n", "\r")):
        return None
    return Preview((Fact(ENDS_A_LINE, is_warning=True),))
