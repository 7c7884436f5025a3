"""What a server does now and then: put idle conversations to sleep, and clear away what is past its time."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from server.conversations.sessions import SessionManager
from server.loading import Loading
from server.ports import Stores
from shared.errors import RingbackError

logger = logging.getLogger(__name__)

AT_LEAST_EVERY = 60.0
PURGE_EVERY = 3600.0
"""How often shared state and grants past their time are cleared away, in seconds. Neither counts before that."""


async def keep_up(sessions: SessionManager, stores: Loading[Stores], *, idle_time: float) -> None:
    """Go on until cancelled. What fails is logged, and tried again the next time."""
    every = min(AT_LEAST_EVERY, idle_time / 4)
    clock = asyncio.get_running_loop().time
    purged_at = clock()
    while True:
        await asyncio.sleep(every)
        try:
            await sessions.cleanup_inactive()
            if clock() - purged_at >= PURGE_EVERY:
                purged_at = clock()
                kept = await stores.get()
                await kept.state.purge()
                await kept.grants.purge(datetime.now(UTC))
        except RingbackError as error:
            logger.warning("upkeep could not be done: %s", error)
        except Exception:
            logger.exception("a bug in the upkeep")
