"""What a SQLite file is, found out before anything else is loaded: ours, new, older, newer, or no database."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from enum import Enum, auto
from pathlib import Path

from server.storage.migrations import HEAD, REVISIONS
from shared.errors import DatabaseDamagedError, DatabaseTooNewError, DataFolderError, StartError

VERSION_TABLE = "ringback_version"
"""Where Alembic notes the revision; the name marks a database as ours."""

BUSY_TIMEOUT = 5.0


class DatabaseState(Enum):
    """What is to be done with a database before it is used."""

    CURRENT = auto()
    EMPTY = auto()
    OLDER = auto()


def inspect_file(file: Path) -> DatabaseState:
    """What ``file`` is; it is made, empty and 0600, if it is not there. Nothing in it is changed.

    Raises:
        DataFolderError: if it cannot be made, read or written.
        DatabaseDamagedError: if it is no database, a broken one, or another program's.
        DatabaseTooNewError: if a newer Ringback wrote it.
    """
    _make(file)
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT, isolation_level=None)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            if VERSION_TABLE not in tables:
                if tables:
                    raise DatabaseDamagedError(_advice(file, "is another program's database"))
                return DatabaseState.EMPTY
            stored = {revision for (revision,) in connection.execute("SELECT version_num FROM ringback_version")}
    except sqlite3.OperationalError as error:
        raise StartError(f"The database {file} cannot be opened: {error}. Stop what else uses it.") from error
    except sqlite3.DatabaseError as error:
        raise DatabaseDamagedError(_advice(file, f"is damaged ({error})")) from error
    return _state(file, stored)


def _state(file: Path, stored: set[str]) -> DatabaseState:
    unknown = stored - set(REVISIONS)
    if unknown:
        raise DatabaseTooNewError(
            f"The database {file} was written by a newer Ringback (revision {min(unknown)!r}). Nothing was "
            "changed. Install that version, or name another folder with --data-dir."
        )
    if not stored:
        return DatabaseState.EMPTY
    return DatabaseState.CURRENT if stored == {HEAD} else DatabaseState.OLDER


def _make(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DataFolderError(f"The database {file} cannot be opened: {error.strerror}.") from error


def _advice(file: Path, what: str) -> str:
    return f"The file {file} {what}. Nothing was changed. Move it away and start again, or put a copy of yours there."
