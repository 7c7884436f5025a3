"""Stores what belongs to one conversation, and what its turns used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from server.context import SessionContext, TurnContext
from server.conversations.services import Services
from server.core.remembered import Remembered, TurnUsage
from server.metrics.measures import Count
from server.spending import PersonUsage

logger = logging.getLogger(__name__)


class Keeping:
    """The storage side of one conversation. ``person`` is held for as long as the conversation lives."""

    def __init__(self, context: SessionContext, services: Services) -> None:
        self._context = context
        self._services = services
        self._person: PersonUsage | None = None

    async def person(self, give_up: asyncio.Event) -> PersonUsage | None:
        """What the person used so far; ``None`` if ``give_up`` is set before the storage is there.

        Raises:
            RingbackError: if the storage cannot be had.
        """
        if self._person is None:
            stores = await self._services.stores.get_unless(give_up)
            if stores is None:
                return None
            self._person = await self._services.book.person(self._context.identity, stores.usage.of_user)
        return self._person

    async def save(self, remembered: Remembered, booked: TurnUsage | None = None) -> None:
        """Keep the conversation as it is now.

        Raises:
            RingbackError: if the storage failed.
        """
        stores = await self._services.stores.get()
        await stores.conversations.save(self._context.identity, self._context.session_id, remembered, booked)

    async def after_turn(self, turn: TurnContext, remembered: Callable[[], Remembered]) -> None:
        """Store what the turn changed. A failure is logged: what was said in it is stored by the agent already."""
        try:
            await self._save_turn(turn, remembered())
        except Exception:
            # Of whatever kind: a turn that never ended would keep its conversation from ever going on.
            logger.exception("what belongs to %s could not be stored", self._context.session_id)

    async def _save_turn(self, turn: TurnContext, remembered: Remembered) -> None:
        used = turn.spending.turn
        for kind, amount in (("prompt", used.prompt), ("completion", used.completion)):
            self._services.measures.count(Count.TOKENS, amount, kind=kind)
        booked = TurnUsage(turn.message_id, self._services.agent.model.name, used, datetime.now(UTC))
        await self.save(remembered, booked if used.total else None)
