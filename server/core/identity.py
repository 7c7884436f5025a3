"""Who somebody is, how such a name is spelled, and what a credential of theirs may do."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.ids import MAX_TENANT, MAX_USER_ID, TenantId, UserId

DEFAULT_TENANT = TenantId("default")


class NameRefusedError(ValueError):
    """A tenant or user cannot be called so; ``str(error)`` is a sentence."""


class SpellingRefusedError(NameRefusedError):
    """A program gave a name in another spelling than the one it is kept in."""


class Scope(StrEnum):
    """What a credential may be used for; the values are how keys and tokens spell it."""

    CHAT = "chat"
    """Talk as its own person."""

    ACT_AS = "act-as"
    """Name tenant and user per prompt: for gateways that serve many people over one connection."""

    METRICS = "metrics"
    """Read the server's counters."""


KNOWN_SCOPES = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class Identity:
    """One person of one tenant. Everything that is kept or shown is kept and shown under such a pair."""

    tenant: TenantId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class Admission:
    """What the door grants to one connection.

    ``credential`` names what was shown, for logs and for taking it back; it is never the secret itself.
    ``expires_at`` is in UTC; ``None`` for a credential without an end.
    """

    identity: Identity
    scopes: frozenset[Scope]
    credential: str
    expires_at: datetime | None = None


def identity_named(tenant: str, user_id: str) -> Identity:
    """The person of these names. Two spellings that look the same are the same: both are brought to Unicode's NFC.

    Raises:
        NameRefusedError: if a name is empty, too long for the agent's storage, or holds invisible characters.
    """
    return Identity(tenant_named(tenant), UserId(_checked("user's name", user_id, MAX_USER_ID)))


def identity_spelled(tenant: str, user_id: str) -> Identity:
    """The person of exactly these names, for programs that know many people.

    To such a program, "ada" and " ada" may be two people, and one of them must not become the other here.

    Raises:
        SpellingRefusedError: if a name has spaces around it, or is not in Unicode's NFC.
        NameRefusedError: as for :func:`identity_named`.
    """
    person = identity_named(tenant, user_id)
    if (person.tenant, person.user_id) != (tenant, user_id):
        raise SpellingRefusedError(
            "A user's name and a tenant have no spaces around them and are in Unicode's NFC. Another spelling may be "
            "another person to you, so it is not mended here: give everybody a name that is spelled so, and send that."
        )
    return person


def tenant_named(name: str) -> TenantId:
    """The tenant of this name.

    Raises:
        NameRefusedError: as for :func:`identity_named`.
    """
    return TenantId(_checked("tenant", name, MAX_TENANT))


def scopes_in(words: str) -> frozenset[Scope]:
    """The scopes among words with spaces between them. A word that is none opens nothing, and is left out."""
    return frozenset(Scope(word) for word in words.split(" ") if word in KNOWN_SCOPES)


def _checked(what: str, name: str, longest: int) -> str:
    plain = unicodedata.normalize("NFC", name.strip())
    if not plain or len(plain) > longest or not plain.isprintable():
        raise NameRefusedError(f"A {what} has 1 to {longest} printable characters.")
    return plain
