"""The device's durable journal: which calls ran here, and what they gave. A crash of the program loses none of it."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from client.tools.failure import ToolFailedError
from shared.ids import ClaimId
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)

KEPT_SECONDS = 30 * 86_400.0
"""How long an entry is kept: longer than any server asks again."""
MAX_RESULT = 4 * 1024 * 1024
"""Longest result that is kept, in characters of JSON."""
PATIENCE = 5.0
"""How long another program of the same person may hold the journal, in seconds."""

_TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    claim TEXT PRIMARY KEY, tool TEXT NOT NULL, begun_at REAL NOT NULL, result TEXT
) WITHOUT ROWID
"""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class JournalError(ToolFailedError):
    """The journal cannot be read or written, so nothing was run."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a run that was begun before; ``result`` is ``None`` if it is not known how it ended."""

    tool: str
    result: JsonObject | None


class Journal:
    """A small database, opened at its first use. Several threads, and several programs of one person, may share it."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    def begin(self, claim: ClaimId, tool: str) -> Entry | None:
        """Note, durably, that a run begins; or, if it was noted before, what is known of it: it must not run again.

        Raises:
            JournalError: if that cannot be done; the sentence says why, and what was done about it.
        """
        return self._use(lambda connection: self._begin(connection, claim, tool))

    def finish(self, claim: ClaimId, result: JsonObject) -> None:
        """Note, durably, what a run gave.

        Raises:
            JournalError: if that cannot be done.
        """
        text = json.dumps(result)
        if len(text) > MAX_RESULT:
            logger.warning("the result of %s is too long to be kept: %s characters", claim, len(text))
            return
        self._use(lambda connection: connection.execute("UPDATE runs SET result = ? WHERE claim = ?", (text, claim)))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _begin(self, connection: sqlite3.Connection, claim: ClaimId, tool: str) -> Entry | None:
        values = (claim, tool, self._now())
        added = connection.execute("INSERT OR IGNORE INTO runs (claim, tool, begun_at) VALUES (?, ?, ?)", values)
        if added.rowcount:
            return None
        tool, result = connection.execute("SELECT tool, result FROM runs WHERE claim = ?", (claim,)).fetchone()
        return Entry(tool, None if result is None else json.loads(result))

    def _use(self, use: Callable[[sqlite3.Connection], object]) -> Entry | None:
        with self._lock:
            try:
                connection = self._opened = self._opened or self._open()
                found = use(connection)
            except sqlite3.Error as error:
                raise self._failure(error) from error
        return found if isinstance(found, Entry) else None

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sentence = f"This device cannot keep a journal in {self.path.parent} ({error}): nothing was run."
            raise JournalError(sentence) from error
        # Each statement is a transaction of its own, on the disk before it returns.
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_TABLE)
            connection.execute("DELETE FROM runs WHERE begun_at < ?", (self._now() - KEPT_SECONDS,))
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _failure(self, error: sqlite3.Error) -> JournalError:
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        if getattr(error, "sqlite_errorcode", None) not in _DAMAGED:
            return JournalError(f"This device cannot note in {self.path} that the tool runs ({error}): it was not run.")
        kept = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(kept)
            for ending in ("-wal", "-shm"):
                self.path.with_name(f"{self.path.name}{ending}").unlink(missing_ok=True)
        except OSError as problem:
            return JournalError(f"This device's journal {self.path} is damaged ({problem}): the tool was not run.")
        return JournalError(
            f"This device's journal was damaged: the tool was not run. It is kept as {kept}, and a new one is begun. "
            "Ask for the tool again if it did not run before."
        )
