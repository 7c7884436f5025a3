"""Ends the connections whose credential opens nothing any more: expired, revoked, or its key taken away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from server.core.identity import Admission
from server.gateway.authenticator import Authenticator
from server.gateway.door import UNAUTHORIZED, Presented
from server.gateway.line import Line
from server.log import say

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""How often it is looked, in seconds; what is over is ended within 5."""

POLICY_VIOLATION = 1008
NO_LONGER = "Your credential has expired or was revoked. Connect again with another one."
"""The close frame's reason: at most 123 bytes."""


async def keep_watch(lines: Callable[[], Collection[Line]], authenticator: Authenticator) -> None:
    """Go on until cancelled. While it cannot be found out what a credential is worth, its connections stay."""
    ending: set[asyncio.Task[None]] = set()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            over = await _over(tuple(lines()), authenticator)
        except Exception:
            logger.exception("a bug in the watch; it goes on")
            continue
        for line in over:
            say(
                logger,
                "credential_ended",
                client_identifier=line.signature,
                credential=line.admission.credential,
            )
            ended = asyncio.create_task(line.close(POLICY_VIOLATION, NO_LONGER))
            ending.add(ended)
            ended.add_done_callback(ending.discard)


async def _over(lines: tuple[Line, ...], authenticator: Authenticator) -> list[Line]:
    # Many connections share a credential: it is looked at once for all of them, and for none longer than for a look.
    proved = {line.entered.presented: line.entered.proved for line in lines}
    looks = (_is_over(shown, before, authenticator) for shown, before in proved.items())
    found = dict(zip(proved, await asyncio.gather(*looks), strict=True))
    return [line for line in lines if found[line.entered.presented]]


async def _is_over(shown: Presented, before: Admission, authenticator: Authenticator) -> bool:
    if before.expires_at is not None and before.expires_at <= datetime.now(UTC):
        # Whatever else can be found out now.
        return True
    try:
        async with asyncio.timeout(LOOK_EVERY):
            now = await authenticator.admission(shown)
    except TimeoutError:
        return False
    if isinstance(now, Admission):
        return (now.identity, now.scopes) != (before.identity, before.scopes)
    return now is UNAUTHORIZED
