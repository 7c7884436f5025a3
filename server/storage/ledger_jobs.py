"""What the ledger is asked to write, and how many such jobs are written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

import sqlalchemy as sa

from server.core.identity import Identity
from server.core.session_key import SessionKey
from server.storage.of_person import of_person
from server.storage.record_rows import Row, session_row
from server.storage.tables import CALL, GRANT, LEASE, TURN, UPDATE_BATCH

FORGOTTEN = (TURN, UPDATE_BATCH, CALL, LEASE, GRANT)
"""What a reset takes away; the audit log stays."""


@dataclass(frozen=True, slots=True)
class Told:
    """An update: ``text`` is what it is in JSON."""

    key: SessionKey
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A row, written by a statement that takes many; ``other`` is written with it."""

    statement: sa.Executable
    row: Row
    other: Kept | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A row, written only under a condition that is part of the statement."""

    statement: sa.Executable
    row: Row


@dataclass(frozen=True, slots=True)
class Forgotten:
    """All of a person's is deleted."""

    identity: Identity


Job: TypeAlias = Told | Kept | Decided | Forgotten


class Writing:
    """Jobs on their way into one transaction; what may go together is handed over together.

    The order of the jobs stands, but for updates: they come last, since nothing but forgetting concerns them.
    """

    def __init__(self, connection: sa.Connection, keep_updates: sa.Executable) -> None:
        self._connection = connection
        self._keep_updates = keep_updates
        self._told: list[Told] = []
        self._statement: sa.Executable | None = None
        self._rows: list[Row] = []

    def write(self, jobs: Sequence[Job]) -> list[bool]:
        """Write all; for each whether a row was written, where that was under a condition."""
        done = [self._write(job) for job in jobs]
        self._hand_over()
        self._hand_over_updates()
        return done

    def _write(self, job: Job) -> bool:
        match job:
            case Told():
                self._told.append(job)
            case Kept():
                self._keep(job)
                if job.other is not None:
                    self._keep(job.other)
            case Decided():
                self._hand_over()
                return bool(self._connection.execute(job.statement, job.row).rowcount == 1)
            case Forgotten():
                self._hand_over()
                self._hand_over_updates()
                for table in FORGOTTEN:
                    self._connection.execute(sa.delete(table).where(*of_person(table, job.identity)))
            case _:
                assert_never(job)
        return True

    def _keep(self, job: Kept) -> None:
        if job.statement is not self._statement:
            self._hand_over()
            self._statement = job.statement
        self._rows.append(job.row)

    def _hand_over(self) -> None:
        if self._statement is not None and self._rows:
            self._connection.execute(self._statement, self._rows)
        self._statement, self._rows = None, []

    def _hand_over_updates(self) -> None:
        if self._told:
            self._connection.execute(self._keep_updates, update_rows(self._told))
        self._told = []


def update_rows(told: Sequence[Told]) -> list[Row]:
    """The rows of ``update_batch``: one for each run of updates of a session that follow one another."""
    runs: list[list[Told]] = []
    last: dict[SessionKey, list[Told]] = {}
    for update in told:
        run = last.get(update.key)
        if run is None or run[-1].seq + 1 != update.seq:
            run = last[update.key] = []
            runs.append(run)
        run.append(update)
    return [
        {
            **session_row(run[0].key),
            "first_seq": run[0].seq,
            "last_seq": run[-1].seq,
            "body": f"[{','.join(update.text for update in run)}]",
        }
        for run in runs
    ]
