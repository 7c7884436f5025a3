"""Forgets a person's conversations, shared state and grants, and tells their tabs."""

from __future__ import annotations

import logging

from server.conversations.services import Services
from server.conversations.sessions import SessionManager
from server.core.identity import Identity
from server.log import say
from server.tabs.audience import Audience
from server.unbroken import Unbroken
from shared.news import PersonReset

logger = logging.getLogger(__name__)

TELLING_TIME = 2.0
"""How long it waits for slow tabs to be told, in seconds."""


class Reset:
    """Called with a person, once they said that they mean it."""

    def __init__(self, sessions: SessionManager, services: Services, audience: Audience) -> None:
        self._sessions = sessions
        self._services = services
        self._audience = audience
        self._under_way = Unbroken()

    async def __call__(self, identity: Identity) -> str:
        """Forget everything; running turns end first. The sentence that the person's tabs are told.

        What has begun goes on to its end, also when the tab that asked for it is gone.

        Raises:
            RingbackError: if the storage failed, or a turn did not end; some may be gone.
        """
        return await self._under_way.finish(self._logged(identity))

    async def _logged(self, identity: Identity) -> str:
        try:
            return await self._reset(identity)
        except Exception as error:
            # Whoever asked is told, if still there.
            logger.warning("a reset failed: %s", error)
            raise

    async def _reset(self, identity: Identity) -> str:
        async with self._sessions.ended(identity):
            count = await self._services.agent.forget(identity)
            stores = await self._services.stores.get()
            await stores.conversations.forget(identity)
            await stores.ledger.forget(identity)
            await self._services.states.of(identity, None).clear_all_states()
            conversations = "1 conversation" if count == 1 else f"{count} conversations"
            message = f"Everything was reset: {conversations}, the shared state and your grants are gone."
            self._audience.tell(identity, PersonReset(message))
            # Updates are numbered from 1 again from here on, and those must not overtake this.
            await self._audience.flush(identity, TELLING_TIME)
        say(logger, "person_reset", tenant=identity.tenant, user=identity.user_id, conversations=count)
        return message
