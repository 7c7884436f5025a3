"""Runs ``change_bgm``: chooses the background track and plays it if this machine can."""

from __future__ import annotations

from client.tools.arguments import number
from client.tools.device import DeviceState
from shared.json_types import JsonObject


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True, "track": N, "title": …, "playing": …}``, with a ``note`` when nothing can be heard.

    Raises:
        ToolFailedError: if there is no such track.
    """
    track, said = await state.player.play(number(arguments, "track"))
    state.toolbox.show_track(track.title if said.playing else f"{track.title} (silent)")
    result: JsonObject = {"success": True, "track": track.number, "title": track.title, "playing": said.playing}
    if said.note is not None:
        result["note"] = said.note
    return result
