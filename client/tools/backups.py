"""Keeps what ``write_file`` replaces: one file each, named after the time and the file, the newest hundred."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

KEPT = 100
MOST_NAME = 80
"""How much of the file's own name stands in the backup's, in characters."""


def keep_backup(folder: Path, name: str, content: bytes, now: datetime) -> Path:
    """Where ``content`` of the file ``name`` is kept from now on.

    Raises:
        OSError: if it cannot be.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    plain = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)[:MOST_NAME]
    backup = folder / f"{now:%Y-%m-%d-%H%M%S-%f}-{plain}"
    descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    for old in sorted(folder.iterdir())[:-KEPT]:
        old.unlink(missing_ok=True)
    return backup
