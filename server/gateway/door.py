"""The door: who may open a connection. Pure: a handshake in, an identity or a refusal out."""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass, field
from http import HTTPStatus

from server.context import Identity
from shared.acp_names import PATH
from shared.ids import MAX_USER_ID, TenantId, UserId

DEFAULT_TENANT = TenantId("default")
HTTP_PORT = 80
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a peer asks for: the request's target and its headers as they came, repeats included."""

    target: str
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Every value of a header, in any spelling of its name."""
        return [value for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class DoorConfig:
    """Which ``Host`` headers are ours, the token that opens, and for whom it stands."""

    hosts: frozenset[str]
    token: str = field(repr=False)
    holder: Identity


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the handshake is refused: an HTTP status and a sentence."""

    status: HTTPStatus
    reason: str


def hosts_of(port: int | None) -> frozenset[str]:
    """The ``Host`` headers of a server on that TCP port of this machine, or on a Unix socket (``None``)."""
    if port is None:
        return frozenset({"localhost"})
    named = {f"{name}:{port}" for name in LOOPBACK_NAMES}
    return frozenset(named | set(LOOPBACK_NAMES) if port == HTTP_PORT else named)


def admit(handshake: Handshake, config: DoorConfig) -> Identity | Refusal:
    """Who is behind the handshake, or why it is refused."""
    hosts = handshake.values("host")
    if len(hosts) != 1 or hosts[0].strip().lower() not in config.hosts:
        return Refusal(HTTPStatus.FORBIDDEN, "This server answers only under its own local name.")
    if handshake.values("origin"):
        return Refusal(HTTPStatus.FORBIDDEN, "Web pages may not connect to this server.")
    path, query_mark, _ = handshake.target.partition("?")
    if path != PATH:
        return Refusal(HTTPStatus.NOT_FOUND, f"There is nothing here. The endpoint is {PATH}.")
    if query_mark:
        reason = "The address takes no query. Send the token in the header Authorization: Bearer."
        return Refusal(HTTPStatus.BAD_REQUEST, reason)
    presented = [_bearer(value) for value in handshake.values("authorization")]
    presented += [value.strip() for value in handshake.values("x-api-key")]
    # All are compared, so that the time taken says nothing about which of them was right.
    verdicts = [_is_same(credential, config.token) for credential in presented]
    if not verdicts or not all(verdicts):
        reason = "The token is missing or wrong. Send it in the header Authorization: Bearer."
        return Refusal(HTTPStatus.UNAUTHORIZED, reason)
    return config.holder


def local_identity(user_name: str) -> Identity:
    """The identity that the local token stands for.

    Raises:
        ValueError: if the name is empty, longer than ``MAX_USER_ID`` characters, or holds invisible characters.
    """
    name = unicodedata.normalize("NFC", user_name.strip())
    if not name or len(name) > MAX_USER_ID or not name.isprintable():
        raise ValueError(f"a user's name has 1 to {MAX_USER_ID} printable characters")
    return Identity(DEFAULT_TENANT, UserId(name))


def _bearer(value: str) -> str:
    scheme, _, credential = value.strip().partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def _is_same(presented: str, token: str) -> bool:
    return hmac.compare_digest(presented.encode("utf-8", "surrogateescape"), token.encode())
