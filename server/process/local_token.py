"""The local token: a secret in the data folder that stands for the operating system's user."""

from __future__ import annotations

import secrets
from pathlib import Path

from server.process.private_files import read_own, write_own
from shared.errors import DataFolderError

SECRET_BYTES = 32
MIN_LENGTH = 32
MAX_LENGTH = 256


def read_or_make_token(file: Path) -> str:
    """The token in ``file``; a new one is made there (0600) if there is none.

    Raises:
        DataFolderError: if the file is a link, somebody else's, cannot be read or written, or holds no token.
    """
    stored = read_own(file, MAX_LENGTH + 1)
    if stored is None:
        token = secrets.token_urlsafe(SECRET_BYTES)
        write_own(file, token.encode("ascii") + b"\n")
        return token
    token = stored.decode("ascii", errors="replace").strip()
    is_plain = token.isascii() and token.isprintable() and " " not in token
    if not (MIN_LENGTH <= len(token) < MAX_LENGTH and is_plain):
        raise DataFolderError(f"The token file {file} holds no token. Delete it and start again.")
    return token
