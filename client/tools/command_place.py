"""Finds the folder that a command runs in: absolute, with no symbolic link left in it."""

from __future__ import annotations

from pathlib import Path

from client.tools.arguments import text
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.paths import explain, printable, resolve
from shared.json_types import JsonObject


def find_folder(state: DeviceState, arguments: JsonObject) -> Path:
    """The folder of ``cwd``, or the working folder. Touches the disk.

    Raises:
        ToolFailedError: if it is absent, no folder, or not to be seen.
    """
    written = resolve(state.folder, text(arguments, "cwd") if "cwd" in arguments else ".")
    try:
        folder = written.resolve(strict=True)
    except OSError as error:
        raise explain(error, written) from error
    except (RuntimeError, ValueError) as error:
        raise ToolFailedError(f"{printable(str(written))} leads nowhere.") from error
    if not folder.is_dir():
        raise ToolFailedError(f"{printable(str(folder))} is not a folder, so no command can run in it.")
    return folder
