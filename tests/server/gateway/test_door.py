"""The pure steps of the door: Host, Origin, path and how a credential is shown; names and tenants; room."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from server.core.identity import Admission, Identity, Scope, identity_named
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
    hosts_of,
    seat,
)
from shared.ids import TenantId
from shared.secret import Secret

TOKEN = "a-token-of-at-least-thirty-two-characters"
TCP = DoorConfig(hosts=hosts_of(4711))
UNIX = DoorConfig(hosts=hosts_of(None))
LISTED = DoorConfig(hosts=hosts_of(None), tenants=frozenset({TenantId("acme"), TenantId("beta")}))

OWN = identity_named("acme", "gateway")
GATEWAY = Admission(OWN, frozenset(Scope), "key abc")
PERSON = Admission(OWN, frozenset({Scope.CHAT, Scope.METRICS}), "key def")
LOCAL = Admission(identity_named("default", "someone"), frozenset(Scope), LOCAL_CREDENTIAL)

WRONG_HOSTS: list[tuple[str, ...]] = [
    (),
    ("localhost:4711", "localhost:4711"),
    ("localhost:4711", "evil.example"),
    ("localhost",),
    ("localhost:80",),
    ("evil.example",),
    ("evil.example:4711",),
    ("localhost.evil.example:4711",),
    ("localhost:4711.evil.example",),
    ("127.0.0.1:4711@evil.example",),
    ("0.0.0.0:4711",),
    ("",),
]


def handshake(
    *headers: tuple[str, str], hosts: tuple[str, ...] = ("localhost:4711",), target: str = "/acp"
) -> Handshake:
    return Handshake(target, (*(("Host", host) for host in hosts), *headers))


BEARER = ("Authorization", f"Bearer {TOKEN}")


@pytest.mark.parametrize("host", ["localhost:4711", "127.0.0.1:4711", "[::1]:4711", "LOCALHOST:4711"])
def test_what_an_honest_handshake_shows_is_its_credential(host: str) -> None:
    assert examine(handshake(BEARER, hosts=(host,)), TCP) == Presented(Secret(TOKEN), is_bearer=True)


@pytest.mark.parametrize("hosts", WRONG_HOSTS)
def test_a_foreign_host_is_forbidden(hosts: tuple[str, ...]) -> None:
    verdict = examine(handshake(BEARER, hosts=hosts), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 403


@pytest.mark.parametrize("origin", ["", "null", "http://localhost:4711", "https://evil.example"])
def test_a_web_page_is_forbidden_whatever_its_origin(origin: str) -> None:
    verdict = examine(handshake(BEARER, ("Origin", origin)), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 403


@pytest.mark.parametrize("target", ["/", "/acp/", "/acp/x", "/ACP", "//acp", "http://localhost:4711/acp", "", "/%61cp"])
def test_another_path_is_not_found(target: str) -> None:
    verdict = examine(handshake(BEARER, target=target), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 404


@pytest.mark.parametrize("query", [f"?token={TOKEN}", f"?access_token={TOKEN}", "?", "?x=1"])
def test_a_query_is_refused_even_beside_the_right_header(query: str) -> None:
    verdict = examine(handshake(BEARER, target=f"/acp{query}"), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 400
    assert TOKEN not in verdict.reason


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ([BEARER], Presented(Secret(TOKEN), is_bearer=True)),
        ([("authorization", f"bearer  {TOKEN} ")], Presented(Secret(TOKEN), is_bearer=True)),
        ([BEARER, BEARER], Presented(Secret(TOKEN), is_bearer=True)),
        ([("X-API-Key", TOKEN)], Presented(Secret(TOKEN), is_bearer=False)),
        ([("x-api-key", f" {TOKEN}")], Presented(Secret(TOKEN), is_bearer=False)),
        ([BEARER, ("X-API-Key", TOKEN)], Presented(Secret(TOKEN), is_bearer=False)),
        (
            [BEARER, ("X-Tenant-ID", "acme"), ("x-user-id", " ada ")],
            Presented(Secret(TOKEN), is_bearer=True, tenants=("acme",), users=("ada",)),
        ),
    ],
)
def test_one_credential_is_read_from_either_header(headers: list[tuple[str, str]], shown: Presented) -> None:
    assert examine(handshake(*headers), TCP) == shown


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", TOKEN)],
        [("Authorization", f"Basic {TOKEN}")],
        [("Authorization", f"Bearer{TOKEN}")],
        [("X-API-Key", "")],
        [("X-API-Key", TOKEN), ("X-API-Key", "other")],
        [BEARER, ("X-API-Key", "other")],
        [BEARER, ("X-API-Key", "")],
        [BEARER, ("Authorization", "Bearer other")],
        [BEARER, ("Authorization", f"Basic {TOKEN}")],
        [("Cookie", f"token={TOKEN}")],
        [("Sec-WebSocket-Protocol", TOKEN)],
    ],
)
def test_without_exactly_one_credential_it_is_unauthorized(headers: list[tuple[str, str]]) -> None:
    assert examine(handshake(*headers), TCP) == UNAUTHORIZED


def test_nothing_that_was_shown_is_printed_or_repeated() -> None:
    headers = (("Authorization", "Bearer canary-123"), ("X-API-Key", "canary-456"))
    verdict = examine(handshake(*headers), TCP)
    shown = examine(handshake(headers[0]), TCP)
    assert "canary" not in repr(verdict) + repr(shown) + repr(handshake(*headers))


def test_the_refusal_says_no_more_than_it_may() -> None:
    assert UNAUTHORIZED.status == HTTPStatus.UNAUTHORIZED
    assert "missing, wrong, expired or revoked" in UNAUTHORIZED.reason
    assert "user" not in UNAUTHORIZED.reason


def test_behind_a_unix_socket_the_host_is_localhost() -> None:
    assert isinstance(examine(handshake(BEARER, hosts=("localhost",)), UNIX), Presented)
    assert isinstance(examine(handshake(BEARER, hosts=("localhost:4711",)), UNIX), Refusal)


def test_on_port_80_a_client_leaves_the_port_out() -> None:
    assert {"localhost", "localhost:80"} <= hosts_of(80)


def test_a_web_page_whose_origin_is_listed_may_come_and_no_other_one() -> None:
    config = DoorConfig(hosts=hosts_of(4711), origins=frozenset({"https://chat.example.org"}))
    for origin in ("https://chat.example.org", "HTTPS://chat.example.org"):
        assert isinstance(examine(handshake(BEARER, ("Origin", origin)), config), Presented)
    for origins in (
        ["https://chat.example.org:8443"],
        ["http://chat.example.org"],
        ["https://chat.example.org.evil.example"],
        ["https://evil.example/https://chat.example.org"],
        ["null"],
        [""],
        ["https://chat.example.org", "https://chat.example.org"],
        ["https://chat.example.org", "https://evil.example"],
    ):
        shown = examine(handshake(BEARER, *(("Origin", origin) for origin in origins)), config)
        assert isinstance(shown, Refusal), origins
        assert shown.status == 403


def test_other_names_count_with_and_without_the_port() -> None:
    hosts = hosts_of(8443, ["Chat.example.org", "other.example:1"], is_encrypted=True)
    assert {"chat.example.org", "chat.example.org:8443", "other.example:1", "localhost:8443"} <= hosts
    assert "localhost" not in hosts
    assert "localhost" in hosts_of(443, is_encrypted=True)
    assert "localhost" not in hosts_of(443)


@pytest.mark.parametrize(
    ("address", "is_local", "is_proxied"),
    [
        (None, True, False),
        ("127.0.0.1", True, False),
        ("127.8.8.8", True, False),
        ("::1", True, False),
        ("10.0.0.7", False, True),
        ("10.0.1.7", False, False),
        ("fd00::1", False, True),
        ("2001:db8::1", False, False),
    ],
)
def test_where_a_peer_is_decides_what_its_word_is_worth(address: str | None, is_local: bool, is_proxied: bool) -> None:
    config = DoorConfig(hosts=hosts_of(4711), proxies=(ip_network("10.0.0.0/24"), ip_network("fd00::/64")))
    shaken = replace(handshake(BEARER), address=None if address is None else ip_address(address))
    shown = examine(shaken, config)
    assert isinstance(shown, Presented)
    assert (shown.is_local, shown.is_proxied) == (is_local, is_proxied)


def test_what_a_proxy_of_this_machine_passes_on_is_not_of_this_machine() -> None:
    config = DoorConfig(hosts=hosts_of(4711), proxies=(ip_network("127.0.0.1"),))
    shown = examine(replace(handshake(BEARER), address=ip_address("127.0.0.1")), config)
    assert isinstance(shown, Presented)
    assert (shown.is_local, shown.is_proxied) == (False, True)


# --- the second step -------------------------------------------------------------------------------------------


def naming(tenant: str | None = None, user_id: str | None = None) -> Presented:
    return Presented(
        Secret(TOKEN),
        is_bearer=True,
        tenants=() if tenant is None else (tenant,),
        users=() if user_id is None else (user_id,),
    )


def status_of(verdict: Admission | Refusal) -> int:
    return verdict.status.value if isinstance(verdict, Refusal) else 101


def test_without_names_one_is_oneself_with_all_of_ones_scopes() -> None:
    for admission in (GATEWAY, PERSON, LOCAL):
        assert admit(admission, naming(), UNIX) is admission


@pytest.mark.parametrize(
    ("names", "person"),
    [
        (("beta", "ada"), identity_named("beta", "ada")),
        (("beta", None), identity_named("beta", "gateway")),
        ((None, "ada"), identity_named("acme", "ada")),
        ((None, "Jos\u00e9".encode().decode("ascii", "surrogateescape")), identity_named("acme", "Jos\u00e9")),
        (("acme", "gateway"), OWN),
    ],
)
def test_a_gateways_connection_is_the_person_that_it_names_and_may_only_chat(
    names: tuple[str | None, str | None], person: Identity
) -> None:
    admission = admit(GATEWAY, naming(*names), UNIX)
    assert admission == Admission(person, frozenset({Scope.CHAT}), "key abc")


def test_without_the_scope_only_ones_own_names_are_let_through() -> None:
    for names in ((None, "gateway"), ("acme", None), ("acme", "gateway")):
        assert admit(PERSON, naming(*names), UNIX) is PERSON
    for names in ((None, "ada"), ("beta", None), ("beta", "gateway"), ("acme", "ada"), ("ACME", "gateway")):
        verdict = admit(PERSON, naming(*names), UNIX)
        assert status_of(verdict) == 403
        assert isinstance(verdict, Refusal)
        assert "act-as" in verdict.reason


@pytest.mark.parametrize(
    "changed",
    [
        {"users": ("ada", "ada")},
        {"users": ("ada", "bob")},
        {"tenants": ("acme", "beta"), "users": ("ada",)},
        {"users": ("",)},
        {"users": ("a\nb",)},
        {"users": ("u" * 65,)},
        {"tenants": ("t" * 65,)},
        {"users": ("a\udcff",)},
        {"users": ("Jos\u00e9",)},
        {"users": ("Jose\u0301".encode().decode("ascii", "surrogateescape"),)},
        {"tenants": ("acme\u3000".encode().decode("ascii", "surrogateescape"),)},
    ],
)
def test_names_that_are_none_are_a_bad_request(changed: dict[str, Any]) -> None:
    for admission in (GATEWAY, PERSON):
        assert status_of(admit(admission, Presented(Secret(TOKEN), is_bearer=True, **changed), UNIX)) == 400


def test_a_listed_proxy_names_people_whatever_its_credential_may_do_otherwise() -> None:
    told = replace(naming("beta", "ada"), is_proxied=True)
    assert admit(PERSON, told, UNIX) == Admission(identity_named("beta", "ada"), frozenset({Scope.CHAT}), "key def")
    assert admit(PERSON, replace(naming(), is_proxied=True), UNIX) is PERSON
    assert status_of(admit(PERSON, replace(naming("other", "ada"), is_proxied=True), LISTED)) == 403
    assert status_of(admit(PERSON, replace(naming("beta", " ada\u3000"), is_proxied=True), UNIX)) == 400


def test_a_tenant_that_is_not_on_the_list_is_forbidden_to_those_who_proved_something() -> None:
    refusal = Refusal(HTTPStatus.FORBIDDEN, "There is no tenant of that name here.")
    stranger = Admission(identity_named("other", "ada"), frozenset(Scope), "jwt 1")
    assert admit(stranger, naming(), LISTED) == refusal
    assert admit(stranger, naming("acme"), LISTED) == refusal
    assert admit(GATEWAY, naming("other"), LISTED) == refusal
    assert admit(GATEWAY, naming(), LISTED) is GATEWAY
    assert status_of(admit(GATEWAY, naming("beta", "ada"), LISTED)) == 101


def test_whoever_sits_at_the_machine_is_let_in_whatever_tenants_are_listed() -> None:
    assert admit(LOCAL, naming(), LISTED) is LOCAL
    assert status_of(admit(LOCAL, naming("other"), LISTED)) == 403
    forged = Admission(LOCAL.identity, frozenset(Scope), f"jwt {LOCAL_CREDENTIAL}")
    assert status_of(admit(forged, naming(), LISTED)) == 403


# --- the last step -------------------------------------------------------------------------------------------


def test_there_is_a_seat_until_there_are_as_many_as_there_may_be() -> None:
    config = DoorConfig(hosts=hosts_of(None), most=3, most_of_one=2)
    assert seat(config, Counts(in_all=2, of_one=1)) is None
    full, too_many = seat(config, Counts(in_all=3, of_one=0)), seat(config, Counts(in_all=2, of_one=2))
    assert full is not None
    assert (full.status, "All 3 connections" in full.reason) == (503, True)
    assert too_many is not None
    assert (too_many.status, "2 connections of yours" in too_many.reason) == (429, True)
