"""Runs ``notify``: shows the person a short notice."""

from __future__ import annotations

from client.tools.arguments import text
from client.tools.device import DeviceState
from shared.json_types import JsonObject


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True}``."""
    title = text(arguments, "title") if "title" in arguments else None
    state.toolbox.show_notice(text(arguments, "message"), title)
    return {"success": True}
