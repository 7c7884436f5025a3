"""Files and folders that only their owner may read, and that nobody else can slip us."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shared.errors import DataFolderError

OWNER_ONLY = 0o077
"""The umask under which files come out 0600 and folders 0700."""


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Everything made in the block is for its owner alone, whatever the umask was."""
    before = os.umask(OWNER_ONLY)
    try:
        yield
    finally:
        os.umask(before)


def own_folder(folder: Path) -> None:
    """Make ``folder`` (0700) with its parents, or close an existing one of ours to others.

    Raises:
        DataFolderError: if it cannot be made or written, or belongs to somebody else.
    """
    _make(folder)
    try:
        found = folder.stat()
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & OWNER_ONLY:
            folder.chmod(0o700)
    except OSError as error:
        raise _cannot("used", folder, error) from error
    _check(folder, found)


def given_folder(folder: Path) -> None:
    """Make a folder that the person named (0700) if it is not there; one that is there stays as it is.

    Raises:
        DataFolderError: if it cannot be made, or somebody other than this user and root owns it.
    """
    _make(folder)
    found = folder.stat()
    if found.st_uid != 0:
        _check(folder, found)


def read_own(file: Path, limit: int) -> bytes | None:
    """The first ``limit`` bytes of ``file``, or ``None`` if there is none.

    Raises:
        DataFolderError: if it is a link, no file, somebody else's, or cannot be read.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = "it is a link" if file.is_symlink() else error.strerror
        raise DataFolderError(f"{file} cannot be used: {reason}. Delete it and start again.") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise DataFolderError(f"{file} cannot be used: it is no file. Move it away and start again.")
        if found.st_uid != os.geteuid():
            raise DataFolderError(f"{file} belongs to another user. Delete it and start again.")
        if stat.S_IMODE(found.st_mode) & OWNER_ONLY:
            os.fchmod(descriptor, 0o600)
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def write_own(file: Path, content: bytes) -> None:
    """Put ``content`` into ``file`` (0600), all of it or nothing; what stood there is replaced.

    Raises:
        DataFolderError: if the folder cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(descriptor)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _cannot("written", file.parent, error) from error


def _make(folder: Path) -> None:
    try:
        with owner_only():
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot("made", folder, error) from error


def _check(folder: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise DataFolderError(f"The folder {folder} belongs to another user. Name another one with --data-dir.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataFolderError(f"The folder {folder} cannot be written. Name another one with --data-dir.")


def _cannot(done: str, folder: Path, error: OSError) -> DataFolderError:
    reason = error.strerror or error
    return DataFolderError(f"The folder {folder} cannot be {done}: {reason}. Name another one with --data-dir.")
