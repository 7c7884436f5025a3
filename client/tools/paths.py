"""Turns the paths in a call into paths on this device, and what goes wrong with them into sentences."""

from __future__ import annotations

import os
from pathlib import Path

from client.tools.failure import ToolFailedError


def resolve(folder: Path, written: str) -> Path:
    """The path that was written, from ``folder`` if it is relative; ``~`` is the person's home.

    Raises:
        ToolFailedError: if it cannot be a path.
    """
    if "\0" in written:
        raise ToolFailedError("A path cannot contain a NUL character.")
    try:
        return folder / Path(written).expanduser()
    except RuntimeError as error:
        raise ToolFailedError(f"The home folder in {written} is not known here.") from error


def printable(name: str) -> str:
    """A file's name as valid Unicode: bytes that are no UTF-8 become replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def explain(error: OSError, path: Path) -> ToolFailedError:
    """The system's refusal as a sentence about ``path``."""
    name = printable(str(path))
    match error:
        case FileNotFoundError():
            return ToolFailedError(f"There is no {name} on this device.")
        case PermissionError():
            return ToolFailedError(f"The user may not read {name}.")
        case NotADirectoryError():
            return ToolFailedError(f"{name} is not a folder, or part of its path is not.")
        case IsADirectoryError():
            return ToolFailedError(f"{name} is a folder. Use list_directory to see what is in it.")
        case _:
            return ToolFailedError(f"{name} cannot be read: {error.strerror or error}.")
