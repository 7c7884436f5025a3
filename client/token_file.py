"""Reads the local server's token: from a file of the person's own, and from nothing that somebody put in its place."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from shared.errors import ServerDidNotStartError
from shared.secret import Secret

MAX_BYTES = 4096


def read_token(file: Path) -> Secret:
    """The token in ``file``.

    Raises:
        ServerDidNotStartError: if it is a link, somebody else's, empty or cannot be read; the sentence says what to do.
    """
    try:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(file, flags)
        try:
            found = os.fstat(descriptor)
            text = os.read(descriptor, MAX_BYTES).decode("ascii").strip()
        finally:
            os.close(descriptor)
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is a link" if file.is_symlink() else str(error)
        raise ServerDidNotStartError(
            f"A local server answers, but its token in {file} cannot be read: {reason}. "
            "Stop that server, delete the file and start again."
        ) from error
    if not stat.S_ISREG(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
        raise ServerDidNotStartError(
            f"The token file {file} is not a file of yours, so its server is not trusted. Name another folder."
        )
    if not text:
        raise ServerDidNotStartError(f"The token file {file} is empty. Stop the local server, delete it, start again.")
    return Secret(text)
