"""Runs ``copy_to_clipboard``: hands text to the terminal's clipboard."""

from __future__ import annotations

from client.tools.arguments import text
from client.tools.device import DeviceState
from shared.json_types import JsonObject


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True, "characters": N}``."""
    copied = text(arguments, "text")
    state.toolbox.copy_to_clipboard(copied)
    return {"success": True, "characters": len(copied)}
