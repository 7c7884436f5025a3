"""Runs ``open_url``: opens a web page in the person's browser."""

from __future__ import annotations

from client.core.url_parts import UrlRefusedError, url_parts
from client.core.url_preview import url_preview
from client.tools.arguments import text
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.look import Look
from shared.json_types import JsonObject


def look(arguments: JsonObject, _state: DeviceState) -> Look:
    """Where it leads."""
    return Look(url_preview(text(arguments, "url")))


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True, "url": …}``, the address as it was opened.

    Raises:
        ToolFailedError: if the address is refused, or there is no browser.
    """
    try:
        parts = url_parts(text(arguments, "url"))
    except UrlRefusedError as error:
        raise ToolFailedError(str(error)) from error
    await state.toolbox.open_url(parts.address)
    return {"success": True, "url": parts.address}
