"""Writes down one conversation's calls and what is decided about them, and finds what its person granted."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from server.core.decision import AuditEntry, Decided, Decision
from server.core.desk import Desk
from server.core.desk_events import DeskEvent, Keep, Requested
from server.core.grant import Grant, GrantId
from server.core.records import CallRecord
from server.core.session_key import SessionKey
from server.ledger import Ledger
from shared.errors import RingbackError

logger = logging.getLogger(__name__)

LIFETIME = timedelta(days=30)
"""How long a grant lasts, unless the server was told otherwise."""

FolderAt: TypeAlias = Callable[[str], str]
"""The conversation's working folder where the connection of that signature is; empty if it is not known."""


def _now() -> datetime:
    return datetime.now(UTC)


class Bookkeeping:
    """Nothing of a conversation's desk goes into the ledger but through here."""

    def __init__(
        self,
        key: SessionKey,
        ledger: Callable[[], Ledger],
        *,
        lifetime: timedelta = LIFETIME,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """``lifetime`` is how long a grant lasts; ``now`` is the clock on the wall, in UTC."""
        self._key = key
        self._ledger = ledger
        self._lifetime = lifetime
        self._now = now

    def keep(self, effect: Keep, folder_at: FolderAt) -> list[asyncio.Future[None]]:
        """Store the call and what was decided about it; put without a pause, so that it is all of it or nothing."""
        stored = [self._ledger().put_call(self._key, effect.call)]
        if effect.decided is not None:
            stored.append(self._decided(effect.call, effect.decided, folder_at(effect.decided.where.signature)))
        return stored

    def claim(self, call: CallRecord) -> asyncio.Future[bool]:
        """Store that the call is claimed, if it may be."""
        return self._ledger().claim_call(self._key, call)

    async def with_grant(self, event: DeskEvent, desk: Desk, folder_at: FolderAt) -> DeskEvent:
        """``event``; a call that the person granted says so. What cannot be looked up now is no grant."""
        if not isinstance(event, Requested):
            return event
        asked = desk.may_be_granted(event, self._key.identity, folder_at(desk.signature))
        if asked is None:
            return event
        try:
            grant = await self._ledger().granted(asked, self._now())
        except RingbackError as error:
            logger.warning("the grants of %s could not be read: %s", self._key.session_id, error)
            return event
        return event if grant is None else replace(event, is_granted=True)

    def _decided(self, call: CallRecord, decided: Decided, folder: str) -> asyncio.Future[None]:
        now, where = self._now(), decided.where
        grant: Grant | None = None
        if decided.decision is Decision.ALLOWED_EXACTLY and where.device and folder:
            grant = Grant(
                id=GrantId(str(uuid.uuid4())),
                identity=self._key.identity,
                device=where.device,
                label=where.label,
                folder=folder,
                tool=call.name,
                arguments=call.arguments,
                arguments_hash=call.arguments_hash,
                created_at=now,
                expires_at=now + self._lifetime,
            )
        entry = AuditEntry(str(uuid.uuid4()), now, self._key, call.call_id, call.name, call.arguments_hash, decided)
        return self._ledger().put_decision(entry, grant)
