"""Finds out what a credential proves: the local token, an API key, or a JSON Web Token."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol, TypeAlias

from server.core.api_key import PREFIX, KeyRefusedError, key_admission, read_key
from server.core.identity import Admission, Identity, Scope
from server.core.jwt_claims import TokenRefusedError
from server.gateway.door import (
    LOCAL_CREDENTIAL,
    UNAUTHORIZED,
    Counts,
    DoorConfig,
    Handshake,
    Presented,
    Refusal,
    admit,
    examine,
    seat,
)
from server.ports import KeyStore
from shared.acp_names import METRICS_PATH
from shared.errors import RingbackError
from shared.secret import Secret

logger = logging.getLogger(__name__)

KEYS_WITHIN = 8.0
"""How long a handshake waits for the API keys, in seconds: they may still be loading. Less than it may take in all."""

KEYS_AWAY = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE, "API keys cannot be checked now. Try again; if it stays so, the log says more."
)

Keys: TypeAlias = Callable[[], Awaitable[KeyStore]]
"""Brings the API keys, once they are there; raises a ``RingbackError`` if they cannot be had."""


@dataclass(frozen=True, slots=True)
class LocalToken:
    """The secret in the data folder, and for whom it stands."""

    secret: Secret
    holder: Identity


@dataclass(frozen=True, slots=True)
class Entered:
    """What a handshake that was let in showed, what its credential proved by itself, and what it was granted."""

    presented: Presented
    proved: Admission
    admission: Admission


class TokenCheck(Protocol):
    """What knows JSON Web Tokens."""

    def admission(self, token: str) -> Admission:
        """What the token grants now.

        Raises:
            TokenRefusedError: if it opens nothing.
        """
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class Authenticator:
    """Knows every kind of credential there is. Without ``tokens``, JSON Web Tokens open nothing."""

    def __init__(
        self, local: LocalToken, keys: Keys, tokens: TokenCheck | None = None, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._local = local
        self._keys = keys
        self._tokens = tokens
        self._now = now

    async def admission(self, presented: Presented) -> Admission | Refusal:
        """What the credential grants to its own person, or why it is refused."""
        # First and without the database: whoever sits at this machine gets in before anything is loaded.
        is_local_token = self._local.secret.matches(presented.credential)
        # It stands for the user of this machine, so from another one it opens nothing.
        if is_local_token and presented.is_local:
            return Admission(self._local.holder, frozenset(Scope), LOCAL_CREDENTIAL)
        shown = presented.credential.reveal()
        if shown.startswith(PREFIX):
            return await self._by_key(shown)
        if self._tokens is not None and presented.is_bearer:
            try:
                return self._tokens.admission(shown)
            except TokenRefusedError as error:
                logger.info("a JSON Web Token was refused: %s", error)
        return UNAUTHORIZED

    async def _by_key(self, text: str) -> Admission | Refusal:
        try:
            shown = read_key(text)
            async with asyncio.timeout(KEYS_WITHIN):
                kept = await (await self._keys()).find(shown.id)
            return key_admission(shown, kept, self._now())
        except KeyRefusedError:
            return UNAUTHORIZED
        except (RingbackError, TimeoutError) as error:
            logger.warning("an API key could not be checked: %s", str(error) or "it took too long")
            return KEYS_AWAY


async def enter(
    handshake: Handshake, door: DoorConfig, authenticator: Authenticator, counts: Callable[[Identity], Counts]
) -> Entered | Refusal:
    """Every step of the door, for every way into the server: what the handshake is granted, or why it is refused.

    ``counts`` says who is in already; between that and the return, nobody else can come in.
    """
    presented = examine(handshake, door)
    if isinstance(presented, Refusal):
        return presented
    proved = await authenticator.admission(presented)
    if isinstance(proved, Refusal):
        return proved
    admission = admit(proved, presented, door)
    if isinstance(admission, Refusal):
        return admission
    # Whoever only reads the counters takes no seat, and reads them when there is none left, too.
    full = None if handshake.target == METRICS_PATH else seat(door, counts(admission.identity))
    return full or Entered(presented, proved, admission)
