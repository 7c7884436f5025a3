"""One server for one data folder: a lock held for life, with the holder's process id beside it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from server.process.private_files import read_own, write_own
from shared.errors import DataFolderError, StartError

MAX_PID_TEXT = 20


class HeldError(StartError):
    """Another server uses the data folder; ``pid`` is its process, 0 if it has not said so yet."""

    def __init__(self, data_dir: Path, pid: int) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"A server uses {data_dir} already ({holder}). Stop it, or name another folder with --data-dir."
        )
        self.pid = pid


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold ``data_dir`` for the block; the system lets go of it even if this process is killed.

    Raises:
        HeldError: if another server holds it.
        DataFolderError: if the lock cannot be made.
    """
    pid_file = data_dir / "server.pid"
    lock = FileLock(data_dir / "server.lock", mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise HeldError(data_dir, _read_pid(pid_file)) from None
    except OSError as error:
        raise DataFolderError(f"The folder {data_dir} cannot be locked: {error.strerror or error}.") from error
    try:
        write_own(pid_file, f"{os.getpid()}\n".encode())
        yield
    finally:
        pid_file.unlink(missing_ok=True)
        lock.release()


def _read_pid(file: Path) -> int:
    text = (read_own(file, MAX_PID_TEXT) or b"").strip()
    return int(text) if text.isdigit() else 0
