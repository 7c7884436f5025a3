"""One-time codes that let another tab of the same person take a conversation."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from server.core.deadline import Deadline, Moment
from server.core.identity import Identity
from server.core.secret_hash import secret_hash
from server.core.session_key import SessionKey
from shared.errors import HandoffCodeError

LIFETIME = 300.0
"""How long a code may be used, in seconds."""
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without what people mistake for something else: a code may be read out and typed."""
LENGTH = 12


class Handoffs:
    """Of a code only the hash is kept, until it is used or over; a server that stops forgets them."""

    def __init__(self, clock: Callable[[], Moment]) -> None:
        self._clock = clock
        self._codes: dict[str, tuple[SessionKey, Deadline]] = {}

    def offer(self, key: SessionKey) -> str:
        """A new code for that conversation; it takes the place of an earlier one."""
        now = self._clock()
        self._codes = {
            name: offer for name, offer in self._codes.items() if offer[0] != key and offer[1].remaining(now) > 0
        }
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self._codes[_hash(code)] = (key, Deadline(now, LIFETIME))
        return code

    def redeem(self, identity: Identity, code: str) -> SessionKey:
        """The conversation that the code was made for; nobody can use it again.

        Raises:
            HandoffCodeError: if it was used, is too old, was never given, or is another person's.
        """
        key, deadline = self._codes.get(_hash(code), (None, None))
        if key is None or deadline is None or key.identity != identity or deadline.remaining(self._clock()) <= 0:
            raise HandoffCodeError("This code was used already, is too old or was never given. Ask for a new one.")
        del self._codes[_hash(code)]
        return key


def _hash(code: str) -> str:
    plain = "".join(character for character in code.upper() if character.isalnum())
    return secret_hash(plain)
