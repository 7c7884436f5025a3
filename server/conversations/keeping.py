"""The storage side of one conversation: its ledger, its lease, and what it must know again when it comes back."""

from __future__ import annotations

import asyncio
import logging

from server.context import SessionContext
from server.conversations.remembering import snapshot
from server.conversations.services import Services
from server.core.lease import Lease
from server.core.policy import PolicyAnswers
from server.core.remembered import Remembered, TurnUsage
from server.core.session import Session
from server.ledger import Ledger

logger = logging.getLogger(__name__)


class Keeping:
    """Keeps ``session`` and what the person said "always" to, ``answers``; ``lease`` is the stored one, if any."""

    def __init__(
        self,
        context: SessionContext,
        services: Services,
        session: Session,
        answers: PolicyAnswers,
        lease: Lease | None,
    ) -> None:
        self._context = context
        self._services = services
        self._session = session
        self._answers = answers
        self._key = context.key
        self._epoch = 0 if lease is None else lease.epoch

    def ledger(self) -> Ledger:
        """The ledger, which is there before anything happens that belongs into it."""
        stores = self._services.stores.here
        assert stores is not None  # noqa: S101  (a message was stored before)
        return stores.ledger

    async def begin(self, lease: Lease) -> Ledger:
        """A message comes: from now on there is something to come back to, held by ``lease``.

        Raises:
            RingbackError: if the storage cannot be had.
        """
        ledger = (await self._services.stores.get()).ledger
        if not self._session.seen:
            self.remember(None)
        if self._epoch != lease.epoch:
            self.hold(lease)
        return ledger

    def hold(self, lease: Lease) -> asyncio.Future[bool]:
        """Another connection holds it now; done when that is stored."""
        self._epoch = lease.epoch
        return self.ledger().put_lease(self._key, lease)

    def remember(self, used: TurnUsage | None) -> None:
        """Keep it as it is now, and enter ``used`` into the books. A failure is logged: what was said is stored."""
        try:
            stored = self.ledger().put_remembered(self._key, self._snapshot(), used)
        except Exception:
            # Of whatever kind: a turn that never ended would keep its conversation from ever going on.
            logger.exception("what belongs to %s could not be kept", self._key.session_id)
        else:
            stored.add_done_callback(self._see_it_stored)

    async def save(self) -> None:
        """Keep it as it is now; one that was never used leaves nothing.

        Raises:
            RingbackError: if the storage failed.
        """
        if self._session.seen:
            await self.ledger().put_remembered(self._key, self._snapshot())

    def _snapshot(self) -> Remembered:
        return snapshot(self._context, self._session, self._answers)

    def _see_it_stored(self, stored: asyncio.Future[None]) -> None:
        if not stored.cancelled() and (error := stored.exception()) is not None:
            logger.error("what belongs to %s could not be stored: %s", self._key.session_id, error)
