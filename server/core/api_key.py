"""API keys: how one is made and read, what is kept of it, and whether it opens now.

A key is ``rbk_<id>_<secret>``. The id finds the record and may stand in logs; of the secret only the SHA-256 is kept.
A slow hash, as passwords need, would buy nothing: the secret is 32 random bytes, which nobody can try through, and
it would cost every handshake its time.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from server.core.identity import Admission, Identity, NameRefusedError, Scope
from server.core.secret_hash import secret_hash
from shared.errors import RingbackError

KeyId = NewType("KeyId", str)
"""The part of a key that may be shown."""

PREFIX = "rbk_"
ID_BYTES = 6
SECRET_BYTES = 32
MAX_LABEL = 128
FORM = re.compile(r"rbk_(?P<id>[a-z2-7]{10})_(?P<secret>[A-Za-z0-9_-]{43})", re.ASCII)
NO_HASH = secret_hash("no key has this secret")


class KeyRefusedError(ValueError):
    """What was shown is no key that opens; it never says why."""


class KeyTakenError(RingbackError):
    """There is a key of this id already."""


class UnknownKeyError(RingbackError):
    """There is no key of this id."""


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as somebody shows it."""

    id: KeyId
    secret_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. Times are in UTC; ``expires_at`` is ``None`` for a key without an end."""

    id: KeyId
    identity: Identity
    secret_hash: str = field(repr=False)
    scopes: frozenset[Scope]
    label: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def opens(self, now: datetime) -> bool:
        """Whether it is neither revoked nor past its end."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def checked_label(label: str) -> str:
    """The label without spaces around it.

    Raises:
        NameRefusedError: if it is too long, or holds invisible characters.
    """
    plain = label.strip()
    if len(plain) > MAX_LABEL or not plain.isprintable():
        raise NameRefusedError(f"A label has at most {MAX_LABEL} printable characters.")
    return plain


def key_id(random: bytes) -> KeyId:
    """The id made of :data:`ID_BYTES` random bytes: ten small letters and digits."""
    return KeyId(base64.b32encode(random).decode("ascii").rstrip("=").lower())


def key_text(name: KeyId, random: bytes) -> str:
    """The whole key, made of its id and :data:`SECRET_BYTES` random bytes. It is shown once and kept nowhere."""
    return f"{PREFIX}{name}_{base64.urlsafe_b64encode(random).decode('ascii').rstrip('=')}"


def read_key(text: str) -> ShownKey:
    """What ``text`` shows.

    Raises:
        KeyRefusedError: if it does not have the form of a key.
    """
    found = FORM.fullmatch(text)
    if found is None:
        raise KeyRefusedError("no key")
    return ShownKey(KeyId(found["id"]), secret_hash(found["secret"]))


def key_admission(shown: ShownKey, kept: ApiKey | None, now: datetime) -> Admission:
    """What the key grants; ``kept`` is the record of its id, if there is one.

    Raises:
        KeyRefusedError: if there is none, the secret is another, or it does not open at ``now`` (in UTC).
    """
    # Compared even where there is no record, so that the time taken does not tell which ids there are.
    is_right = hmac.compare_digest(shown.secret_hash, NO_HASH if kept is None else kept.secret_hash)
    if kept is None or not is_right or not kept.opens(now):
        raise KeyRefusedError("not this key, or not now")
    return Admission(kept.identity, kept.scopes, credential=f"key {kept.id}", expires_at=kept.expires_at)
