"""What the claims of a JSON Web Token grant, once its signature is known to be right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from server.core.identity import (
    DEFAULT_TENANT,
    Admission,
    Identity,
    NameRefusedError,
    Scope,
    SpellingRefusedError,
    identity_spelled,
    scopes_in,
)
from shared.json_types import JsonValue

LEEWAY = 30
"""How far the issuer's clock may be from ours, in seconds."""

MAX_JTI = 128
FAR_AWAY = 10**11
"""A moment that no token means, in seconds since 1970."""


class TokenRefusedError(ValueError):
    """A token that opens nothing. ``str(error)`` is for the log alone, and quotes nothing of the token."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Whose tokens open the door, for whom they must be made, and how long one may be valid, in seconds."""

    issuer: str
    audience: str
    max_lifetime: float


def read_claims(payload: bytes) -> Mapping[str, JsonValue]:
    """The claims, each named once.

    Raises:
        TokenRefusedError: if they are no JSON object, or name one twice.
    """
    try:
        claims = json.loads(payload, object_pairs_hook=_named_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise TokenRefusedError("its claims are no JSON object that names each claim once") from None
    if not isinstance(claims, dict):
        raise TokenRefusedError("its claims are no JSON object")
    return claims


def claims_admission(claims: Mapping[str, JsonValue], rules: TokenRules, now: datetime) -> Admission:
    """What the token grants at ``now``, in UTC: to chat as ``sub``, or what its ``scope`` says.

    It ends :data:`LEEWAY` after its ``exp``.

    Raises:
        TokenRefusedError: if a required claim is missing or not as it must be.
    """
    if _text(claims, "iss") != rules.issuer:
        raise TokenRefusedError("iss is another issuer")
    audience = claims.get("aud")
    if rules.audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenRefusedError("aud is not this server")
    jti = _text(claims, "jti")
    if not (0 < len(jti) <= MAX_JTI and jti.isprintable()):
        raise TokenRefusedError("jti is empty, too long or holds invisible characters")
    identity = _person(_text(claims, "tenant") if "tenant" in claims else DEFAULT_TENANT, _text(claims, "sub"))
    scopes = scopes_in(_text(claims, "scope")) if "scope" in claims else frozenset({Scope.CHAT})
    return Admission(identity, scopes, credential=f"jwt {jti}", expires_at=_end(claims, rules, now.timestamp()))


def _person(tenant: str, user_id: str) -> Identity:
    try:
        return identity_spelled(tenant, user_id)
    except SpellingRefusedError:
        raise TokenRefusedError("sub or tenant has spaces around it, or is not in Unicode's NFC") from None
    except NameRefusedError:
        raise TokenRefusedError("sub or tenant is no name that anybody can have") from None


def _end(claims: Mapping[str, JsonValue], rules: TokenRules, now: float) -> datetime:
    ends, made = _moment(claims, "exp"), _moment(claims, "iat")
    begins = _moment(claims, "nbf") if "nbf" in claims else made
    if now >= ends + LEEWAY:
        raise TokenRefusedError("exp is past")
    if max(made, begins) > now + LEEWAY:
        raise TokenRefusedError("iat or nbf is still to come")
    if ends <= max(made, begins):
        raise TokenRefusedError("exp is before iat or nbf")
    if max(ends - made, ends - now) > rules.max_lifetime:
        raise TokenRefusedError("it is valid for longer than jwt_max_lifetime allows")
    return datetime.fromtimestamp(ends + LEEWAY, UTC)


def _text(claims: Mapping[str, JsonValue], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise TokenRefusedError(f"{name} is missing or no text")
    return value


def _moment(claims: Mapping[str, JsonValue], name: str) -> int:
    value = claims.get(name)
    # Whole numbers alone: a float may be so large, or so little of a number, that every comparison with it lies.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < FAR_AWAY:
        raise TokenRefusedError(f"{name} is missing or no whole number of seconds since 1970")
    return value


def _named_once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("no JSON")
