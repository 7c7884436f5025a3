"""Has what stopped go on: turns that a crash or a stop of the server cut short, and questions past their time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from server.conversations.sessions import SessionManager
from server.core.deadline import Moment
from server.loading import Loading
from server.ports import Stores
from shared.errors import RingbackError

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""How often it is looked whether a stored question is past its time, in seconds."""


async def go_on(sessions: SessionManager, stores: Loading[Stores], now: Callable[[], Moment]) -> None:
    """Once for the turns that stopped, then again and again for stored questions, until cancelled."""
    await _try(_stopped(sessions, stores))
    while True:
        await asyncio.sleep(LOOK_EVERY)
        await _try(_overdue(sessions, stores, now))


async def _stopped(sessions: SessionManager, stores: Loading[Stores]) -> None:
    await sessions.go_on(await (await stores.get()).ledger.stopped())


async def _overdue(sessions: SessionManager, stores: Loading[Stores], now: Callable[[], Moment]) -> None:
    await sessions.go_on(await (await stores.get()).ledger.overdue(now()))


async def _try(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except RingbackError as error:
        logger.warning("what stopped could not go on: %s", error)
    except Exception:
        logger.exception("a bug in the recovery")
