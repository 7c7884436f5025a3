"""Runs ``write_file``: writes a text file on this device, all of it or nothing, with a backup of what was there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from datetime import datetime
from pathlib import Path

from client.core.write_preview import write_preview
from client.tools.arguments import text
from client.tools.backups import keep_backup
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.look import Look
from client.tools.paths import printable
from client.tools.write_target import MOST_OLD, WriteTarget, content_of, find_target
from shared.json_types import JsonObject

CHANGED = "{path} has changed since you were asked, so it was not written. Ask again to see what would change now."


def look(arguments: JsonObject, state: DeviceState) -> Look:
    """What would change in which file. Touches the disk. Raises as :func:`run` does."""
    content_of(arguments)
    target = find_target(state, arguments)
    outside = tuple(printable(str(folder)) for folder in target.folders) if target.is_outside else ()
    path, content = printable(str(target.path)), text(arguments, "content")
    return Look(write_preview(path, target.old, content, _mode(arguments), outside), target.place)


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True, "path", "bytes", "is_new"}``, with ``backup``, a path, where something was replaced.

    Raises:
        ToolFailedError: if it was not written; the sentence says why, and the file is as it was.
    """
    return await asyncio.to_thread(_write, arguments, state)


def _write(arguments: JsonObject, state: DeviceState) -> JsonObject:
    content = content_of(arguments)
    mode = _mode(arguments)
    target = find_target(state, arguments)
    name = printable(str(target.path))
    if state.shown.place_of(state.call_id, arguments) not in {None, target.place}:
        raise ToolFailedError(CHANGED.format(path=name))
    if mode == "create" and target.old is not None:
        raise ToolFailedError(f"{name} is there already, and the mode create makes only new files.")
    if mode == "append":
        content = (target.old or b"") + content
        if len(content) > MOST_OLD:
            raise ToolFailedError(f"{name} would become larger than {MOST_OLD:,} bytes, so nothing was appended.")
    result: JsonObject = {"success": True, "path": name, "bytes": len(content), "is_new": target.old is None}
    try:
        backup = None if target.old is None else _keep(state, target)
        _put(target, content, state, arguments)
    except OSError as error:
        raise ToolFailedError(f"{name} cannot be written: {error.strerror or error}. It is as it was.") from error
    if backup is not None:
        result["backup"] = printable(str(backup))
    return result


def _mode(arguments: JsonObject) -> str:
    return text(arguments, "mode") if "mode" in arguments else "replace"


def _keep(state: DeviceState, target: WriteTarget) -> Path | None:
    if state.writing is None or target.old is None:
        return None
    return keep_backup(state.writing.backups, target.path.name, target.old, datetime.now().astimezone())


def _put(target: WriteTarget, content: bytes, state: DeviceState, arguments: JsonObject) -> None:
    """Write beside the file, then take its place: whoever looks sees the old file or the new one, never a half."""
    path = target.path
    beside = path.with_name(f".ringback-{uuid.uuid4().hex}")
    try:
        # Nobody else's until its content and its permissions are those of the file.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, _permissions(target, state))
            os.fsync(descriptor)
        if find_target(state, arguments).place != target.place:
            raise ToolFailedError(CHANGED.format(path=printable(str(path))))
        if target.old is None:
            _link_anew(beside, path)
        else:
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _settle(path.parent)


def _permissions(target: WriteTarget, state: DeviceState) -> int:
    if target.permissions is not None:
        return target.permissions
    return 0o666 if state.writing is None else 0o666 & ~state.writing.umask


def _link_anew(beside: Path, path: Path) -> None:
    try:
        os.link(beside, path)
    except FileExistsError:
        raise ToolFailedError(CHANGED.format(path=printable(str(path)))) from None
    except OSError:
        # A file system without hard links: nobody else made the file a moment ago.
        beside.replace(path)


def _settle(folder: Path) -> None:
    # The new name, too, outlives a power cut; not every file system can be told.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
