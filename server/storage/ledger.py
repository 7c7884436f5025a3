"""What happens in conversations, in the database; implements ``server.ledger.Ledger``."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.decision import AuditEntry
from server.core.grant import Grant
from server.core.identity import Identity
from server.core.lease import Lease
from server.core.records import CallRecord, Recalled, TurnRecord
from server.core.remembered import Remembered, TurnUsage
from server.core.session_key import SessionKey
from server.storage.grant_rows import audit_row, grant_row
from server.storage.group_commit import GroupCommit
from server.storage.ledger_jobs import Decided, Forgotten, Job, Kept, Told, Writing
from server.storage.ledger_reading import LedgerReading
from server.storage.ledger_statements import LedgerStatements, claim_row
from server.storage.record_rows import call_row, lease_row, turn_row
from server.storage.sql_conversations import booked_row, kept_row
from server.storage.unbroken import unbroken
from server.storage.update_json import encode_update
from shared.frames import Update
from shared.ids import MessageId
from shared.usage import TokenUsage


def _name() -> str:
    return str(uuid.uuid4())


def _say_nothing(_sentence: str) -> None:
    pass


class SqlLedger(LedgerReading):
    """Made on the event loop that it is used on, and to be closed before the engine is.

    What is put is written as it is then: whoever put it may change its arguments or results afterwards. Where the
    database refuses something, all that was put in the same stretch ends in ``StorageError`` and is not written.
    """

    def __init__(self, engine: AsyncEngine, *, notice: Callable[[str], None] = _say_nothing) -> None:
        """``notice`` is told one sentence when the database cannot be written, and one when it can be again."""
        super().__init__(engine)
        self._statements = LedgerStatements(engine)
        self._commits: GroupCommit[Job] = GroupCommit(self._write, notice)

    def put_turn(self, key: SessionKey, turn: TurnRecord) -> asyncio.Future[None]:
        """Keep the turn in place of what was there."""
        return self._commits.keep(Kept(self._statements.keep_turn, turn_row(key, turn)))

    def take_turn(self, key: SessionKey, turn: TurnRecord) -> asyncio.Future[bool]:
        """Keep a new turn; ``False``, and nothing is changed, if there is one for this message id."""
        return self._commits.decide(Decided(self._statements.take_turn, {**turn_row(key, turn), "taking": _name()}))

    def put_update(self, key: SessionKey, seq: int, update: Update) -> asyncio.Future[None]:
        """Keep the ``seq``-th update of a conversation."""
        return self._commits.keep(Told(key, seq, encode_update(update)), may_wait=True)

    def put_call(self, key: SessionKey, call: CallRecord) -> asyncio.Future[None]:
        """Keep the call in place of what was there."""
        return self._commits.keep(Kept(self._statements.keep_call, call_row(key, call)))

    def put_decision(self, entry: AuditEntry, grant: Grant | None = None) -> asyncio.Future[None]:
        """Enter what was decided into the audit log, and keep the grant that it was, in place of an earlier one."""
        granted = None if grant is None else Kept(self._statements.keep_grant, grant_row(grant))
        return self._commits.keep(Kept(self._statements.keep_entry, audit_row(entry), granted))

    def claim_call(self, key: SessionKey, call: CallRecord) -> asyncio.Future[bool]:
        """Keep the call, ``CLAIMED`` now, if it was neither claimed nor settled and the lease has its epoch."""
        return self._commits.decide(Decided(self._statements.claim_call, claim_row(key, call)))

    def put_lease(self, key: SessionKey, lease: Lease) -> asyncio.Future[bool]:
        """Keep the lease if its epoch is above that of the one there; ``False`` if it is not."""
        return self._commits.decide(Decided(self._statements.keep_lease, lease_row(key, lease)))

    def put_remembered(
        self, key: SessionKey, remembered: Remembered, turn: TurnUsage | None = None
    ) -> asyncio.Future[None]:
        """Keep what the conversation must know again, and enter ``turn`` into the books: both or neither."""
        booked = None if turn is None else Kept(self._statements.book, {**booked_row(key, turn), "booking": _name()})
        return self._commits.keep(Kept(self._statements.keep_conversation, kept_row(key, remembered), booked))

    async def recall(self, key: SessionKey) -> Recalled:
        """What is kept of one conversation's turns, and all that was put until now."""
        await self._commits.settled()
        return await super().recall(key)

    async def turn(self, key: SessionKey, message_id: MessageId) -> TurnRecord | None:
        """One turn as it was put last; ``None`` if there never was one for that message."""
        await self._commits.settled()
        return await super().turn(key, message_id)

    async def used(self, key: SessionKey, message_id: MessageId) -> TokenUsage:
        """What the books hold of one turn, and all that was put until now."""
        await self._commits.settled()
        return await super().used(key, message_id)

    async def forget(self, identity: Identity) -> None:
        """Delete all of a person's that was put until now.

        Raises:
            StorageError: if the database refused it.
        """
        await self._commits.keep(Forgotten(identity))

    async def close(self, within: float) -> None:
        """Write what is still to be written, for at most ``within`` seconds; what is left ends in ``StorageError``."""
        await self._commits.close(within)

    @unbroken
    async def _write(self, jobs: list[Job]) -> list[bool]:
        async with self._engine.begin() as connection:
            return await connection.run_sync(lambda sync: Writing(sync, self._statements.keep_updates).write(jobs))
