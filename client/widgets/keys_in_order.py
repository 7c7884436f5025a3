"""Runs a widget's key bindings in the order the keys were pressed.

Textual lets the app run bindings, in another queue than the one that brings characters to the focused widget. When
keys come fast, or the app is busy, Enter can then overtake the letters before it, and a letter the change of focus
that should have come first.
"""

from __future__ import annotations

from textual import events
from textual.widget import Widget


async def run_binding(widget: Widget, event: events.Key) -> bool:
    """Run what ``widget`` binds to the key, here and now; whether there was anything."""
    bindings = widget._bindings.key_to_bindings.get(event.key, [])  # noqa: SLF001 (Textual offers no other way)
    if not bindings:
        return False
    event.stop()
    event.prevent_default()
    await widget.run_action(bindings[0].action)
    return True
