"""The door: who may open a connection. Pure, in three steps; what the credential proves is found out in between.

::

    Handshake ──examine──► Presented ──(authenticator)──► Admission ──admit──► Admission ──seat──► in
        └─► Refusal                          └─► Refusal       └─► Refusal          └─► Refusal
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TypeAlias

from server.core.acting import UnknownTenantError, check_tenant, person_named
from server.core.identity import Admission, Scope
from shared.acp_names import METRICS_PATH, PATH
from shared.errors import BadRequestError, NotPermittedError
from shared.ids import TenantId
from shared.secret import Secret

PORTS_UNSAID = {False: 80, True: 443}
"""The port that a client leaves out of ``Host``, without TLS and with it."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
LOCAL_CREDENTIAL = "local token"
"""How an admission by the local token names its credential."""


Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a peer asks for: the request's target and its headers as they came, repeats included.

    ``address`` is the peer's; ``None`` on a Unix socket, which only this machine has.
    """

    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    address: Address | None = None

    def values(self, name: str) -> list[str]:
        """Every value of a header, in any spelling of its name."""
        return [value.strip() for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class DoorConfig:
    """Which ``Host`` headers are ours, which web pages may come, and which tenants there are; none at all means any.

    ``proxies`` are the networks whose word counts for who somebody is. ``most`` and ``most_of_one`` are how many
    connections there may be, in all and of one person.
    """

    hosts: frozenset[str]
    tenants: frozenset[TenantId] = frozenset()
    origins: frozenset[str] = frozenset()
    proxies: tuple[Network, ...] = ()
    most: int = 1000
    most_of_one: int = 200


@dataclass(frozen=True, slots=True)
class Presented:
    """What an honest handshake shows: one credential, and perhaps whom to act as.

    ``is_bearer`` is whether it stood in ``Authorization: Bearer`` and nowhere else. ``tenants`` and ``users`` are the
    values of ``X-Tenant-ID`` and ``X-User-ID`` as they came, repeats included. ``is_local``: it came from this machine;
    ``is_proxied``: from a listed proxy.
    """

    credential: Secret
    is_bearer: bool
    tenants: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    is_local: bool = True
    is_proxied: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many connections are open, in all and of the person who comes."""

    in_all: int
    of_one: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the handshake is refused: an HTTP status and a sentence."""

    status: HTTPStatus
    reason: str


UNAUTHORIZED = Refusal(
    HTTPStatus.UNAUTHORIZED,
    "The credential is missing, wrong, expired or revoked. Send exactly one: a token in the header "
    "Authorization: Bearer, or an API key in X-API-Key.",
)
"""The one answer to every credential that opens nothing."""


def hosts_of(port: int | None, names: Iterable[str] = (), *, is_encrypted: bool = False) -> frozenset[str]:
    """The ``Host`` headers of a server on that TCP port, or on a Unix socket (``None``).

    ``names`` are further ones beside this machine's own: with a port they count as they are, as behind a proxy.
    """
    spelled = {name.lower() for name in names}
    if port is None:
        return frozenset({"localhost"} | spelled)
    named = {f"{name}:{port}" for name in {*LOOPBACK_NAMES, *spelled}}
    is_left_out = port == PORTS_UNSAID[is_encrypted]
    return frozenset(named | spelled | (set(LOOPBACK_NAMES) if is_left_out else set()))


def examine(handshake: Handshake, config: DoorConfig) -> Presented | Refusal:
    """The first step: what the handshake shows, or why it is refused whatever its credential is worth."""
    hosts = handshake.values("host")
    if len(hosts) != 1 or hosts[0].lower() not in config.hosts:
        return Refusal(HTTPStatus.FORBIDDEN, "This server answers only under its own names (its setting hosts).")
    origins = handshake.values("origin")
    if origins and not (len(origins) == 1 and origins[0].lower() in config.origins):
        reason = "Web pages may not connect to this server, unless its setting origins lists theirs."
        return Refusal(HTTPStatus.FORBIDDEN, reason)
    path, query_mark, _ = handshake.target.partition("?")
    if path not in {PATH, METRICS_PATH}:
        return Refusal(HTTPStatus.NOT_FOUND, f"There is nothing here. The endpoint is {PATH}.")
    if query_mark:
        reason = "The address takes no query. Send the token in the header Authorization: Bearer."
        return Refusal(HTTPStatus.BAD_REQUEST, reason)
    return _presented(handshake, config)


def admit(admission: Admission, presented: Presented, config: DoorConfig) -> Admission | Refusal:
    """The second step, once the credential has proved itself: what is granted to whom.

    Who names a person in the headers, and may, is that person to this server from here on, and may only chat. A listed
    proxy may, and whoever has the scope ``act-as``.
    """
    is_named = bool(presented.tenants or presented.users)
    may_name = presented.is_proxied or Scope.ACT_AS in admission.scopes
    try:
        if admission.credential != LOCAL_CREDENTIAL:
            check_tenant(admission.identity.tenant, config.tenants)
        namer = replace(admission, scopes=admission.scopes | {Scope.ACT_AS}) if may_name else admission
        person = person_named(namer, _name(presented.tenants), _name(presented.users), config.tenants)
    except (UnknownTenantError, NotPermittedError) as error:
        return Refusal(HTTPStatus.FORBIDDEN, str(error))
    except BadRequestError as error:
        return Refusal(HTTPStatus.BAD_REQUEST, str(error))
    if is_named and may_name:
        # Even under the credential's own name: whoever chooses the name must not get the gateway's scopes with it.
        return replace(admission, identity=person, scopes=frozenset({Scope.CHAT}))
    return admission


def seat(config: DoorConfig, counts: Counts) -> Refusal | None:
    """The last step: whether there is room for one more connection of that person; why not, if there is none."""
    if counts.in_all >= config.most:
        reason = f"All {config.most} connections of this server are taken. Close one and try again."
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason)
    if counts.of_one >= config.most_of_one:
        reason = f"{config.most_of_one} connections of yours are open, which is all that you may have. Close one."
        return Refusal(HTTPStatus.TOO_MANY_REQUESTS, reason)
    return None


def _presented(handshake: Handshake, config: DoorConfig) -> Presented | Refusal:
    bearers = [_bearer(value) for value in handshake.values("authorization")]
    keys = handshake.values("x-api-key")
    shown = {*bearers, *keys}
    if len(shown) != 1 or "" in shown:
        return UNAUTHORIZED
    address = handshake.address
    is_proxied = address is not None and any(address in network for network in config.proxies)
    return Presented(
        Secret(shown.pop()),
        is_bearer=not keys,
        tenants=tuple(handshake.values("x-tenant-id")),
        users=tuple(handshake.values("x-user-id")),
        # Who stands behind a proxy may be anywhere.
        is_local=(address is None or address.is_loopback) and not is_proxied,
        is_proxied=is_proxied,
    )


def _bearer(value: str) -> str:
    scheme, _, credential = value.partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def _name(values: tuple[str, ...]) -> str | None:
    if not values:
        return None
    try:
        (value,) = values
        # The library reads headers as ASCII, and keeps each byte beyond as half of a surrogate pair.
        return value.encode("ascii", "surrogateescape").decode("utf-8")
    except ValueError as error:
        raise BadRequestError("X-Tenant-ID and X-User-ID are sent at most once each, in UTF-8.") from error
