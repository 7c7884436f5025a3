"""Writes an exported conversation into the exports folder, and nowhere else: a new file, which is the person's own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from client.core.export_name import file_name, further_names
from shared.errors import ExportError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_export(folder: Path, title: str, ending: str, text: str) -> Path:
    """Put ``text`` into a new file (0600) of ``folder`` (0700, made if need be); the file's path.

    The file is called after ``title``; nothing that is there already is changed, and no link is followed.

    Raises:
        ExportError: if there is no such folder to be had, or no room.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        inside = os.open(folder, _FOLDER)
    except OSError as error:
        raise _cannot(folder, error) from error
    try:
        return folder / _write(inside, file_name(title, ending), text.encode("utf-8", "replace"))
    except OSError as error:
        raise _cannot(folder, error) from error
    finally:
        os.close(inside)


def _write(inside: int, wanted: str, content: bytes) -> str:
    if os.fstat(inside).st_uid == os.geteuid() and stat.S_IMODE(os.fstat(inside).st_mode) & 0o077:
        os.fchmod(inside, 0o700)
    for name in further_names(wanted):
        try:
            # By the folder that was opened: it cannot be exchanged for a link meanwhile.
            descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=inside)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
        except OSError:
            os.unlink(name, dir_fd=inside)
            raise
        return name
    raise FileExistsError(None, "there are too many of this name")


def _cannot(folder: Path, error: OSError) -> ExportError:
    reason = "it is a link" if folder.is_symlink() else (error.strerror or "it cannot be written")
    return ExportError(f"Nothing was exported: the folder {folder} cannot be used ({reason}).")
