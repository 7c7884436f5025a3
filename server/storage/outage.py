"""Tells a database that cannot be written now from one that refuses what it was given."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

PASSING = ("08", "25006", "40", "53", "55P03", "57", "58")
"""How PostgreSQL's codes begin for what passes: connection lost, read-only, deadlock, no room, locked, stopped."""


def is_outage(error: BaseException) -> bool:
    """Whether the same may well succeed later: the database is locked, full, away, or busy."""
    if isinstance(error, OSError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        # The plain "error" is a statement that can never succeed.
        return isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(PASSING)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
