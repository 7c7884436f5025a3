"""Runs ``read_file``: the content of a text file on this device."""

from __future__ import annotations

import asyncio
import codecs
import os
import stat
from pathlib import Path
from typing import BinaryIO

from client.tools.arguments import number, text
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.paths import explain, printable, resolve
from shared.json_types import JsonObject

MOST_BYTES = 256 * 1024
"""How much is given at once; the rest can be asked for by line."""


async def run(arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True, "path": …, "content": …, "truncated": …}``, with a ``note`` when something was left out.

    Raises:
        ToolFailedError: if the file is absent, no text, no file, or not to be read.
    """
    line = number(arguments, "line") if "line" in arguments else 1
    limit = number(arguments, "limit") if "limit" in arguments else None
    path = resolve(state.folder, text(arguments, "path"))
    content, truncated = await asyncio.to_thread(_read, path, line, limit)
    result: JsonObject = {
        "success": True,
        "path": printable(str(path)),
        "content": content,
        "truncated": truncated,
    }
    if truncated:
        result["note"] = _note(line, content.count("\n"))
    return result


def _note(line: int, whole_lines: int) -> str:
    given = f"Only {MOST_BYTES // 1024} KiB are given at once"
    if whole_lines == 0:
        return f"{given}, and line {line} is longer than that."
    return f"{given}; go on with line {line + whole_lines}."


def _read(path: Path, line: int, limit: int | None) -> tuple[str, bool]:
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        mode = os.fstat(descriptor).st_mode
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(mode):
                raise ToolFailedError(f"{printable(str(path))} is no regular file.")
            taken = _take(file, line, limit)
    except OSError as error:
        raise explain(error, path) from error
    if not taken and line > 1:
        raise ToolFailedError(f"{printable(str(path))} has no line {line}.")
    if b"\0" in taken:
        raise _no_text(path)
    truncated = len(taken) > MOST_BYTES
    try:
        # Not final: what was cut off may have ended inside a character.
        decoder = codecs.getincrementaldecoder("utf-8")()
        return decoder.decode(bytes(taken[:MOST_BYTES]), final=not truncated), truncated
    except UnicodeDecodeError as error:
        raise _no_text(path) from error


def _take(file: BinaryIO, line: int, limit: int | None) -> bytearray:
    taken = bytearray()
    number = 1
    while len(taken) <= MOST_BYTES and (limit is None or number < line + limit):
        piece = file.readline(MOST_BYTES)  # bounded: a file may be one endless line
        if not piece:
            break
        if number >= line:
            taken += piece
        number += piece.endswith(b"\n")
    return taken


def _no_text(path: Path) -> ToolFailedError:
    return ToolFailedError(f"{printable(str(path))} is no text in UTF-8, so it is not given.")
