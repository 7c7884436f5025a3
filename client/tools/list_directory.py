"""Runs ``list_directory``: the names in a folder of this device."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from client.tools.arguments import text
from client.tools.device import DeviceState
from client.tools.paths import explain, printable, resolve
from shared.json_types import JsonObject

MOST_ENTRIES = 500


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True, "path": …, "entries": [{"name", "kind", "size"}]}``, sizes in bytes and for files only.

    Raises:
        ToolFailedError: if the folder is absent, no folder, or not to be read.
    """
    path = resolve(state.folder, text(arguments, "path") if "path" in arguments else ".")
    entries = await asyncio.to_thread(_list, path)
    result: JsonObject = {"success": True, "path": printable(str(path)), "entries": [*entries[:MOST_ENTRIES]]}
    if len(entries) > MOST_ENTRIES:
        result["note"] = f"Only the first {MOST_ENTRIES} of {len(entries)} names are given."
    return result


def _list(path: Path) -> list[JsonObject]:
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name.casefold())
    except OSError as error:
        raise explain(error, path) from error
    return [_describe(entry) for entry in entries]


def _describe(entry: os.DirEntry[str]) -> JsonObject:
    described: JsonObject = {"name": printable(entry.name), "kind": "other"}
    try:
        if entry.is_symlink():
            described["kind"] = "link"
        elif entry.is_dir():
            described["kind"] = "folder"
        elif entry.is_file():
            described["kind"] = "file"
            described["size"] = entry.stat().st_size
    except OSError:
        # The file went away, or may not be looked at: its name is still true.
        described["kind"] = "unknown"
    return described
