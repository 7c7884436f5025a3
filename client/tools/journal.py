"""The device's durable journal: which calls ran here, and what they gave. A crash of the program loses none of it."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NewType, TypeVar

from client.tools.failure import ToolFailedError
from shared.ids import ClaimId
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)

JournalId = NewType("JournalId", str)
"""Names one journal, and no other one on any machine; what comes in the place of a damaged one has another."""
Found = TypeVar("Found")

KEPT_SECONDS = 30 * 86_400.0
"""How long an entry is kept: longer than any server asks again."""
MAX_RESULT = 4 * 1024 * 1024
"""Longest result that is kept, in characters of JSON."""
PATIENCE = 5.0
"""How long another program of the same person may hold the journal, in seconds."""

_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS runs (
        claim TEXT PRIMARY KEY, tool TEXT NOT NULL, begun_at REAL NOT NULL, result TEXT
    ) WITHOUT ROWID
    """,
    "CREATE TABLE IF NOT EXISTS journal (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL)",
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class JournalError(ToolFailedError):
    """The journal cannot be read or written, so nothing was run."""


class JournalReplacedError(JournalError):
    """There is another journal now than the one that was asked, so nothing was run."""


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

    def read_id(self) -> JournalId:
        """The id that was given to this journal when it was made; a damaged one is replaced first.

        Raises:
            JournalError: if it cannot be opened.
        """
        try:
            return self._use(_read_id)
        except JournalReplacedError:
            return self._use(_read_id)

    def begin(self, claim: ClaimId, tool: str, journal_id: JournalId) -> Entry | None:
        """Note, durably, that a run begins; or, if it was noted before, what is known of it: it must not run again.

        ``journal_id`` is the journal that knows of the claim if any does.

        Raises:
            JournalReplacedError: if this is another one; or if it was damaged, and another one is in its place now.
            JournalError: if that cannot be done; the sentence says why, and what was done about it.
        """
        return self._use(lambda connection: self._begin(connection, claim, tool, journal_id))

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

    def _begin(self, connection: sqlite3.Connection, claim: ClaimId, tool: str, journal_id: JournalId) -> Entry | None:
        if _read_id(connection) != journal_id:
            raise JournalReplacedError(
                "This device's journal is another one than when it connected: the tool was not run now, "
                "and nobody knows whether it ran before."
            )
        values = (claim, tool, self._now())
        added = connection.execute("INSERT OR IGNORE INTO runs (claim, tool, begun_at) VALUES (?, ?, ?)", values)
        if added.rowcount:
            return None
        tool, result = connection.execute("SELECT tool, result FROM runs WHERE claim = ?", (claim,)).fetchone()
        return Entry(tool, None if result is None else json.loads(result))

    def _use(self, use: Callable[[sqlite3.Connection], Found]) -> Found:
        with self._lock:
            try:
                connection = self._opened = self._opened or self._open()
                return use(connection)
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sentence = f"This device cannot keep a journal in {self.path.parent} ({error}): nothing was run."
            raise JournalError(sentence) from error
        # Each statement is a transaction of its own, on the disk before it returns.
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            for table in _TABLES:
                connection.execute(table)
            # Of two programs that come at once, both read what the first one stored.
            connection.execute("INSERT OR IGNORE INTO journal (only, id) VALUES (1, ?)", (uuid.uuid4().hex,))
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
        return JournalReplacedError(
            f"This device's journal was damaged: the tool was not run. It is kept as {kept}, and a new one is begun. "
            "Ask for the tool again if it did not run before."
        )


def _write_ahead(connection: sqlite3.Connection) -> None:
    # Where two programs make one journal at once, SQLite refuses one of them here without waiting for the other.
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _read_id(connection: sqlite3.Connection) -> JournalId:
    (journal_id,) = connection.execute("SELECT id FROM journal").fetchone()
    return JournalId(journal_id)
