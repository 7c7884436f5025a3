"""Turns what the database throws into an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from shared.errors import StorageError


@contextmanager
def as_storage_error() -> Iterator[None]:
    """For the block, a failure of the database is a ``StorageError``; its cause is chained, and not told.

    Raises:
        StorageError: if the database failed.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StorageError("The database failed. See that it runs and has room, then try again.") from error
