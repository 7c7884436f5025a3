"""Takes a conversation's messages: each is stored before it counts, and starts a turn once, however often it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from server.conversations.telling import Telling
from server.core.records import TurnRecord
from server.core.session import Session
from server.core.session_events import Kept, Lost, Offered, RefuseBusy, Said, SessionEvent
from server.core.session_key import SessionKey
from server.ledger import Ledger
from shared.errors import BadRequestError, SessionBusyError, StorageError
from shared.frames import TurnEnded

STORING_TIME = 5.0
"""How long a message may take to be stored before it is refused, in seconds."""
NOT_TAKEN = "The message could not be stored in time, so it was not taken. Send it again later."
OTHER_WORDS = "A message of this id was taken before; it was not started again."


class Intake:
    """``on`` takes an event of the session; ``owned`` runs what goes on without the caller; ``rest``: one was told."""

    def __init__(
        self,
        key: SessionKey,
        session: Session,
        telling: Telling,
        *,
        on: Callable[[SessionEvent], None],
        owned: Callable[[Coroutine[Any, Any, None]], None],
        rest: Callable[[], None],
    ) -> None:
        self._key = key
        self._session = session
        self._telling = telling
        self._on = on
        self._owned = owned
        self._rest = rest
        self._awaited = 0
        self._storing: set[asyncio.Future[bool]] = set()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for the end of a turn."""
        return self._awaited > 0

    async def take(self, ledger: Ledger, said: Said) -> TurnEnded:
        """Take a message and wait until its turn is over. Cancelling the caller does not cancel the turn.

        One that was taken before starts nothing: its caller waits for the same end.

        Raises:
            BadRequestError: if a message of this id, with other words, was taken before.
            SessionBusyError: if too many messages wait already.
            StorageError: if it could not be stored in time; it was not taken.
        """
        self._awaited += 1
        try:
            return await self._take(ledger, said)
        finally:
            self._awaited -= 1
            self._rest()

    async def _take(self, ledger: Ledger, said: Said) -> TurnEnded:
        if said.message_id in self._session.seen:
            return await self._taken_before(ledger, said)
        if RefuseBusy(said.message_id) in self._session.on(Offered(said)):
            raise SessionBusyError("Too many messages wait in this conversation. Let it answer first.")
        end = self._telling.end_of(said.message_id)
        storing = ledger.take_turn(self._key, TurnRecord(said.message_id, said.text))
        self._storing.add(storing)
        storing.add_done_callback(partial(self._stored, ledger, said))
        await asyncio.wait({storing}, timeout=STORING_TIME)
        storing.cancel()
        return await asyncio.shield(end)

    async def settled(self) -> None:
        """Wait until what was offered so far is stored or refused."""
        if self._storing:
            await asyncio.wait(self._storing)

    def _stored(self, ledger: Ledger, said: Said, storing: asyncio.Future[bool]) -> None:
        self._storing.discard(storing)
        if storing.cancelled() or storing.exception() is not None:
            self._on(Lost(said.message_id))
            self._telling.refuse(said.message_id, StorageError(NOT_TAKEN))
        elif storing.result():
            self._on(Kept(said.message_id))
        else:
            self._owned(self._found_stored(ledger, said))

    async def _found_stored(self, ledger: Ledger, said: Said) -> None:
        # Taken long ago, or by a request whose storing was given up too late.
        try:
            record = await ledger.turn(self._key, said.message_id)
        except StorageError as error:
            self._on(Lost(said.message_id))
            self._telling.refuse(said.message_id, error)
            return
        if record is not None and record.text != said.text:
            self._on(Lost(said.message_id))
            self._telling.refuse(said.message_id, BadRequestError(OTHER_WORDS))
        elif record is None or record.ended is None:
            self._on(Kept(said.message_id))
        else:
            self._on(Lost(said.message_id))
            self._telling.over(record.ended)

    async def _taken_before(self, ledger: Ledger, said: Said) -> TurnEnded:
        known = self._session.find(said.message_id)
        if known is not None:
            if known.text != said.text:
                raise BadRequestError(OTHER_WORDS)
            return await asyncio.shield(self._telling.end_of(said.message_id))
        record = await ledger.turn(self._key, said.message_id)
        if record is None or record.ended is None:
            raise StorageError(NOT_TAKEN)
        if record.text != said.text:
            raise BadRequestError(OTHER_WORDS)
        return record.ended
