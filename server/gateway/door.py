"""The door: who may open a connection. Pure; between its two steps somebody finds out what the credential proves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus

from server.core.acting import UnknownTenantError, check_tenant, person_named
from server.core.identity import Admission, Scope
from shared.acp_names import METRICS_PATH, PATH
from shared.errors import BadRequestError, NotPermittedError
from shared.ids import TenantId

HTTP_PORT = 80
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
LOCAL_CREDENTIAL = "local token"
"""How an admission by the local token names its credential."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a peer asks for: the request's target and its headers as they came, repeats included."""

    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)

    def values(self, name: str) -> list[str]:
        """Every value of a header, in any spelling of its name."""
        return [value.strip() for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class DoorConfig:
    """Which ``Host`` headers are ours, and which tenants there are; none at all means any."""

    hosts: frozenset[str]
    tenants: frozenset[TenantId] = frozenset()


@dataclass(frozen=True, slots=True)
class Presented:
    """What an honest handshake shows: one credential, and perhaps whom to act as.

    ``is_bearer`` is whether it stood in ``Authorization: Bearer`` and nowhere else. ``tenants`` and ``users`` are the
    values of ``X-Tenant-ID`` and ``X-User-ID`` as they came, repeats included.
    """

    credential: str = field(repr=False)
    is_bearer: bool
    tenants: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


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


def hosts_of(port: int | None) -> frozenset[str]:
    """The ``Host`` headers of a server on that TCP port of this machine, or on a Unix socket (``None``)."""
    if port is None:
        return frozenset({"localhost"})
    named = {f"{name}:{port}" for name in LOOPBACK_NAMES}
    return frozenset(named | set(LOOPBACK_NAMES) if port == HTTP_PORT else named)


def examine(handshake: Handshake, config: DoorConfig) -> Presented | Refusal:
    """The first step: what the handshake shows, or why it is refused whatever its credential is worth."""
    hosts = handshake.values("host")
    if len(hosts) != 1 or hosts[0].lower() not in config.hosts:
        return Refusal(HTTPStatus.FORBIDDEN, "This server answers only under its own local name.")
    if handshake.values("origin"):
        return Refusal(HTTPStatus.FORBIDDEN, "Web pages may not connect to this server.")
    path, query_mark, _ = handshake.target.partition("?")
    if path not in {PATH, METRICS_PATH}:
        return Refusal(HTTPStatus.NOT_FOUND, f"There is nothing here. The endpoint is {PATH}.")
    if query_mark:
        reason = "The address takes no query. Send the token in the header Authorization: Bearer."
        return Refusal(HTTPStatus.BAD_REQUEST, reason)
    return _presented(handshake)


def admit(admission: Admission, presented: Presented, config: DoorConfig) -> Admission | Refusal:
    """The last step, once the credential has proved itself: what is granted to whom.

    Who names a person in the headers, and may, is that person to this server from here on, and may only chat.
    """
    try:
        if admission.credential != LOCAL_CREDENTIAL:
            check_tenant(admission.identity.tenant, config.tenants)
        person = person_named(admission, _name(presented.tenants), _name(presented.users), config.tenants)
    except (UnknownTenantError, NotPermittedError) as error:
        return Refusal(HTTPStatus.FORBIDDEN, str(error))
    except BadRequestError as error:
        return Refusal(HTTPStatus.BAD_REQUEST, str(error))
    is_named = presented.tenants or presented.users
    if is_named and Scope.ACT_AS in admission.scopes:
        # Even under the credential's own name: whoever chooses the name must not get the gateway's scopes with it.
        return replace(admission, identity=person, scopes=frozenset({Scope.CHAT}))
    return admission


def _presented(handshake: Handshake) -> Presented | Refusal:
    bearers = [_bearer(value) for value in handshake.values("authorization")]
    keys = handshake.values("x-api-key")
    shown = {*bearers, *keys}
    if len(shown) != 1 or "" in shown:
        return UNAUTHORIZED
    return Presented(
        shown.pop(),
        is_bearer=not keys,
        tenants=tuple(handshake.values("x-tenant-id")),
        users=tuple(handshake.values("x-user-id")),
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
