"""Finds the file that ``write_file`` is about, and what it is now; refuses what must not be written."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from client.tools.arguments import text
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.paths import explain, printable, resolve
from client.tools.shown import ShownPlace
from shared.json_types import JsonObject

MOST_CONTENT = 2**20
"""Longest content of a call in bytes of UTF-8."""
MOST_OLD = 16 * 2**20
"""Largest file that is replaced or appended to, in bytes: all of it is read, and kept as a backup."""


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """``path`` has no symbolic link left in it. ``old`` is its content, ``None`` if there is no such file yet.

    ``permissions`` are the file's; ``is_outside`` says that it lies in none of the folders that files belong in.
    """

    path: Path
    old: bytes | None
    permissions: int | None
    is_outside: bool
    folders: tuple[Path, ...]

    @property
    def place(self) -> ShownPlace:
        """The file as it is now."""
        return ShownPlace(self.path, "" if self.old is None else hashlib.sha256(self.old).hexdigest())


def content_of(arguments: JsonObject) -> bytes:
    """What is to be written.

    Raises:
        ToolFailedError: if it is too long, or no text.
    """
    try:
        content = text(arguments, "content").encode()
    except UnicodeEncodeError as error:
        raise ToolFailedError("The content has half a character in it, so it cannot be written as UTF-8.") from error
    if len(content) > MOST_CONTENT:
        raise ToolFailedError(f"The content takes {len(content):,} bytes, and at most {MOST_CONTENT:,} are written.")
    return content


def find_target(state: DeviceState, arguments: JsonObject) -> WriteTarget:
    """The file and its content now. Touches the disk.

    Raises:
        ToolFailedError: if it must not or cannot be written; the sentence says why.
    """
    written = resolve(state.folder, text(arguments, "path"))
    rules = state.writing
    if rules is None:
        raise ToolFailedError("This device writes no files.")
    folders = tuple(_real(folder) for folder in (state.folder, *rules.allowed))
    path = _follow(written, folders)
    for ours in map(_real, rules.ours):
        if path.is_relative_to(ours):
            raise ToolFailedError(f"{printable(str(path))} is one of Ringback's own files, which no tool may write.")
    old, permissions = _read(path)
    return WriteTarget(path, old, permissions, not _is_in(path, folders), folders)


def _follow(written: Path, folders: tuple[Path, ...]) -> Path:
    if written.name in {"", ".", ".."}:
        raise ToolFailedError(f"{printable(str(written))} names no file.")
    try:
        path = written.parent.resolve(strict=True) / written.name
        if not path.is_symlink():
            return path
        real = path.resolve()
    except FileNotFoundError as error:
        folder = printable(str(written.parent))
        raise ToolFailedError(f"There is no folder {folder} on this device. Make it first.") from error
    except OSError as error:
        raise explain(error, written) from error
    except (RuntimeError, ValueError) as error:
        raise ToolFailedError(f"{printable(str(written))} leads nowhere.") from error
    if not _is_in(real, folders):
        raise ToolFailedError(
            f"{printable(str(path))} is a symbolic link to {printable(str(real))}, outside the folders that files "
            "belong in, so it is not written. Name the file itself."
        )
    return real


def _read(path: Path) -> tuple[bytes | None, int | None]:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise ToolFailedError(f"{printable(str(path))} is no regular file, so it is not written.")
        if found.st_size > MOST_OLD:
            raise ToolFailedError(
                f"{printable(str(path))} has {found.st_size:,} bytes. Files of more than {MOST_OLD:,} are not written."
            )
        # What takes its place meanwhile is neither followed nor waited for.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            return file.read(MOST_OLD + 1), stat.S_IMODE(found.st_mode) & 0o777
    except FileNotFoundError:
        return None, None
    except OSError as error:
        raise explain(error, path) from error
    except ValueError as error:
        raise ToolFailedError("The path is no name that a file can have here.") from error


def _is_in(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _real(folder: Path) -> Path:
    try:
        return folder.expanduser().resolve()
    except (OSError, RuntimeError):
        return folder.absolute()
