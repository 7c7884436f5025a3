"""What the ledger is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.deadline import Moment
from server.core.grant import Asked, Grant
from server.core.records import Recalled, TurnRecord, TurnState
from server.core.remembered import MAX_SEEN
from server.core.session_key import SessionKey
from server.core.state_values import escape, unescape
from server.core.tool_call import CallState
from server.storage.failures import as_storage_error
from server.storage.grant_rows import folder_hash, grant_of
from server.storage.of_person import of_person
from server.storage.record_rows import call_of, lease_of, session_of, state_word, turn_of
from server.storage.sql_usage import summed
from server.storage.tables import CALL, GRANT, LEASE, TOKEN_USAGE, TURN, UPDATE_BATCH
from server.storage.unbroken import unbroken
from server.storage.update_json import decode_updates
from shared.frames import Update
from shared.ids import MessageId
from shared.usage import TokenUsage

Result = TypeVar("Result")

# Written into the statement itself: only so does SQLite see that an index of the unfinished, or the shown, serves it.
ENDED: sa.ColumnElement[str] = sa.literal(TurnState.ENDED.value, literal_execute=True)
CANCELLING = TurnState.CANCELLING.value
SHOWN: sa.ColumnElement[str] = sa.literal(state_word(CallState.SHOWN), literal_execute=True)
MOVING = tuple(state_word(state) for state in (CallState.REQUESTED, CallState.APPROVED, CallState.CLAIMED))


class LedgerReading:
    """Finds only what is committed. Every method raises ``StorageError`` if the database failed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def recall(self, key: SessionKey) -> Recalled:
        """What is kept of one conversation's turns."""
        return await self._read(lambda connection: _recalled(connection, key))

    async def turn(self, key: SessionKey, message_id: MessageId) -> TurnRecord | None:
        """One turn; ``None`` if there never was one for that message."""
        query = sa.select(TURN).where(*_of(TURN, key), TURN.c.message_id == escape(message_id))
        row = await self._read(lambda connection: connection.execute(query).mappings().one_or_none())
        return None if row is None else turn_of(row)

    async def used(self, key: SessionKey, message_id: MessageId) -> TokenUsage:
        """What the books hold of one turn."""
        told = TOKEN_USAGE.c
        its = (told.session_id == key.session_id, told.message_id == message_id)
        return await self._read(lambda connection: summed(connection, *of_person(TOKEN_USAGE, key.identity), *its))

    async def granted(self, asked: Asked, now: datetime) -> Grant | None:
        """The grant that covers what is asked, ``now`` in UTC; ``None`` if there is none."""
        its = (GRANT.c.device == escape(asked.device), GRANT.c.tool == escape(asked.tool))
        query = sa.select(GRANT).where(
            *of_person(GRANT, asked.identity),
            *its,
            GRANT.c.arguments_hash == asked.arguments_hash,
            GRANT.c.folder_hash == folder_hash(asked.folder),
        )
        row = await self._read(lambda connection: connection.execute(query).mappings().one_or_none())
        grant = None if row is None else grant_of(row)
        return grant if grant is not None and grant.covers(asked, now) else None

    async def updates(self, key: SessionKey, *, after: int, limit: int = 500) -> list[tuple[int, Update]]:
        """The updates above the ``after``-th, in order: about ``limit``, and none only when there is none."""
        table = UPDATE_BATCH.c
        # The batch that holds the first one begins at it or before it.
        before = sa.select(sa.func.max(table.first_seq)).where(*_of(UPDATE_BATCH, key), table.first_seq <= after + 1)
        query = (
            sa.select(table.first_seq, table.body)
            .where(*_of(UPDATE_BATCH, key), table.first_seq >= sa.func.coalesce(before.scalar_subquery(), 0))
            .where(table.last_seq > after)
            .order_by(table.first_seq)
            .limit(limit)
        )
        rows = await self._read(lambda connection: connection.execute(query).all())
        found: list[tuple[int, Update]] = []
        for first, body in rows:
            if len(found) >= limit:
                break
            found += [(seq, update) for seq, update in enumerate(decode_updates(body), first) if seq > after]
        return found

    async def stopped(self) -> list[SessionKey]:
        """The conversations whose oldest unfinished turn is being cancelled, or needs nobody's answer to go on."""
        return await self._sessions(_STOPPED)

    async def overdue(self, now: Moment) -> list[SessionKey]:
        """The conversations that have a shown call whose deadline, of this boot, is over."""
        over = (CALL.c.state == SHOWN, CALL.c.boot == escape(now.boot), CALL.c.ends_at <= now.at)
        return await self._sessions(sa.select(CALL.c.tenant, CALL.c.user_id, CALL.c.session_id).where(*over).distinct())

    async def _sessions(self, query: sa.Select[tuple[str, str, str]]) -> list[SessionKey]:
        rows = await self._read(lambda connection: connection.execute(query).all())
        return [session_of(row.tenant, row.user_id, row.session_id) for row in rows]

    @unbroken
    async def _read(self, read: Callable[[sa.Connection], Result]) -> Result:
        with as_storage_error():
            async with self._engine.connect() as connection:
                return await connection.run_sync(read)


def _of(table: sa.FromClause, key: SessionKey) -> tuple[sa.ColumnElement[bool], ...]:
    return *of_person(table, key.identity), table.c.session_id == escape(key.session_id)


def _recalled(connection: sa.Connection, key: SessionKey) -> Recalled:
    batch, turn = UPDATE_BATCH.c, TURN.c
    last = sa.select(batch.last_seq).where(*_of(UPDATE_BATCH, key)).order_by(batch.first_seq.desc()).limit(1)
    seen = sa.select(turn.message_id).where(*_of(TURN, key)).order_by(turn.id.desc()).limit(MAX_SEEN)
    unfinished = sa.select(TURN).where(*_of(TURN, key), turn.state != ENDED).order_by(turn.id)
    turns = connection.execute(unfinished).mappings().all()
    open_ids = [row["message_id"] for row in turns]
    calls = sa.select(CALL).where(*_of(CALL, key), CALL.c.message_id.in_(open_ids)).order_by(CALL.c.id)
    lease = connection.execute(sa.select(LEASE).where(*_of(LEASE, key))).mappings().one_or_none()
    return Recalled(
        seq=connection.scalar(last) or 0,
        seen=tuple(MessageId(unescape(name)) for name in reversed(connection.scalars(seen).all())),
        unfinished=tuple(turn_of(row) for row in turns),
        calls=tuple(call_of(row) for row in connection.execute(calls).mappings()) if open_ids else (),
        lease=None if lease is None else lease_of(lease),
    )


def _stopped() -> sa.Select[tuple[str, str, str]]:
    turn, older = TURN.c, TURN.alias("older")
    same = (older.c[name] == turn[name] for name in ("tenant", "user_id", "session_id"))
    earlier = sa.exists().where(*same, older.c.state != ENDED, older.c.id < turn.id)
    names = ("tenant", "user_id", "session_id", "message_id")
    its_calls = sa.and_(*(CALL.c[name] == turn[name] for name in names))
    waits = sa.exists().where(its_calls, CALL.c.state == SHOWN)
    moves = sa.exists().where(its_calls, CALL.c.state.in_(MOVING))
    return (
        sa.select(turn.tenant, turn.user_id, turn.session_id)
        .where(turn.state != ENDED, ~earlier, (turn.state == CANCELLING) | ~(waits & ~moves))
        .order_by(turn.id)
    )


_STOPPED = _stopped()
