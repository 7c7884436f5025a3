"""The port to where it is written down, as it happens, what happens in conversations."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from server.core.deadline import Moment
from server.core.decision import AuditEntry
from server.core.grant import Asked, Grant
from server.core.identity import Identity
from server.core.lease import Lease
from server.core.records import CallRecord, Recalled, TurnRecord
from server.core.remembered import Remembered, TurnUsage
from server.core.session_key import SessionKey
from shared.frames import Update
from shared.ids import MessageId
from shared.usage import TokenUsage


class Ledger(Protocol):
    """What happens in conversations, written down as it happens.

    Each ``put_…`` returns at once, in order, with a future of when it is committed: nothing is to be told before. What
    is put without awaiting anything in between is committed together or not at all. While the database cannot be
    written (locked, disk full), all waits and is tried again; a future that is cancelled meanwhile is not written.
    """

    def put_turn(self, key: SessionKey, turn: TurnRecord) -> asyncio.Future[None]:
        """Keep the turn in place of what was there."""
        ...

    def take_turn(self, key: SessionKey, turn: TurnRecord) -> asyncio.Future[bool]:
        """Keep a new turn; ``False``, and nothing is changed, if there is one for this message id."""
        ...

    def put_update(self, key: SessionKey, seq: int, update: Update) -> asyncio.Future[None]:
        """Keep the ``seq``-th update of a conversation."""
        ...

    def put_call(self, key: SessionKey, call: CallRecord) -> asyncio.Future[None]:
        """Keep the call in place of what was there."""
        ...

    def put_decision(self, entry: AuditEntry, grant: Grant | None = None) -> asyncio.Future[None]:
        """Enter what was decided into the audit log, and keep the grant that it was, in place of an earlier one."""
        ...

    def claim_call(self, key: SessionKey, call: CallRecord) -> asyncio.Future[bool]:
        """Keep the call, which is ``CLAIMED`` now, if it was not yet claimed or settled and the lease has its epoch.

        One conditional UPDATE. ``False``, and nothing is changed, if somebody else was first.
        """
        ...

    def put_lease(self, key: SessionKey, lease: Lease) -> asyncio.Future[bool]:
        """Keep the lease if its epoch is above that of the one there; ``False`` if it is not."""
        ...

    def put_remembered(
        self, key: SessionKey, remembered: Remembered, turn: TurnUsage | None = None
    ) -> asyncio.Future[None]:
        """Keep what the conversation must know again, and enter ``turn`` into the books: both or neither."""
        ...

    async def recall(self, key: SessionKey) -> Recalled:
        """What is kept of one conversation's turns.

        Raises:
            StorageError: if the database failed; so do the others that read.
        """
        ...

    async def turn(self, key: SessionKey, message_id: MessageId) -> TurnRecord | None:
        """One turn; ``None`` if there never was one for that message."""
        ...

    async def used(self, key: SessionKey, message_id: MessageId) -> TokenUsage:
        """What the books hold of one turn."""
        ...

    async def granted(self, asked: Asked, now: datetime) -> Grant | None:
        """The committed grant that covers what is asked, ``now`` in UTC; ``None`` if there is none."""
        ...

    async def updates(self, key: SessionKey, *, after: int, limit: int = 500) -> list[tuple[int, Update]]:
        """The committed updates above the ``after``-th, in order: about ``limit``, and none only when there is none."""
        ...

    async def stopped(self) -> list[SessionKey]:
        """The conversations whose turns stopped and are being cancelled, or can go on without anybody's answer."""
        ...

    async def overdue(self, now: Moment) -> list[SessionKey]:
        """The conversations that have a shown call whose deadline is over."""
        ...

    async def forget(self, identity: Identity) -> None:
        """Delete all of a person's but the audit log."""
        ...

    async def close(self, within: float) -> None:
        """Write what is still to be written, for at most ``within`` seconds."""
        ...
