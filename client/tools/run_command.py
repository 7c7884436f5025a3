"""Runs ``run_command``: a shell command on this device, with a limit of time and of output."""

from __future__ import annotations

import asyncio

from client.core.command_preview import command_preview
from client.tools.arguments import number, text
from client.tools.command_place import find_folder
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.look import Look
from client.tools.paths import printable
from client.tools.shown import ShownPlace
from shared.catalog.run_command import DEFAULT_SECONDS
from shared.json_types import JsonObject


def look(arguments: JsonObject, state: DeviceState) -> Look:
    """What is to run, and where. Touches the disk. Raises as :func:`run` does."""
    folder = find_folder(state, arguments)
    preview = command_preview(text(arguments, "command"), printable(str(folder)), _seconds(arguments))
    return Look(preview, ShownPlace(folder))


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": exit_code == 0, "exit_code", "stdout", "stderr", "truncated", "seconds"}``.

    A ``note`` says that it left something in the background; ``error`` stands in the place of ``exit_code`` when it was
    ended from outside.

    Raises:
        ToolFailedError: if it was not begun; the sentence says why.
    """
    folder = await asyncio.to_thread(find_folder, state, arguments)
    if state.shown.place_of(state.call_id, arguments) not in {None, ShownPlace(folder)}:
        raise ToolFailedError("The folder is another one now than when you were asked, so the command was not run.")
    done = await state.commands.run(text(arguments, "command"), folder, _seconds(arguments))
    result: JsonObject = {"success": done.ended_for is None and done.exit_code == 0}
    if done.ended_for is None:
        result["exit_code"] = done.exit_code
    else:
        result["error"] = done.ended_for
    result |= {"stdout": done.stdout, "stderr": done.stderr, "truncated": done.is_cut, "seconds": done.seconds}
    if done.left and done.ended_for is None:
        what = "a process" if done.left == 1 else f"{done.left} processes"
        result["note"] = f"It left {what} in the background, which was ended with it."
    return result


def _seconds(arguments: JsonObject) -> int:
    return number(arguments, "timeout") if "timeout" in arguments else DEFAULT_SECONDS
