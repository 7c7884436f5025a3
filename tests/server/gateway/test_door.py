"""The whole matrix of Host, Origin, path and credentials, without a socket."""

from __future__ import annotations

import itertools

import pytest

from server.gateway.door import DoorConfig, Handshake, Refusal, admit, hosts_of, local_identity
from shared.ids import MAX_USER_ID

TOKEN = "a-token-of-at-least-thirty-two-characters"
HOLDER = local_identity("someone")
TCP = DoorConfig(hosts=hosts_of(4711), token=TOKEN, holder=HOLDER)
UNIX = DoorConfig(hosts=hosts_of(None), token=TOKEN, holder=HOLDER)

HOSTS = {
    ("localhost:4711",): True,
    ("127.0.0.1:4711",): True,
    ("[::1]:4711",): True,
    ("LOCALHOST:4711",): True,
    (): False,
    ("localhost:4711", "localhost:4711"): False,
    ("localhost:4711", "evil.example"): False,
    ("localhost",): False,
    ("localhost:80",): False,
    ("evil.example",): False,
    ("evil.example:4711",): False,
    ("localhost.evil.example:4711",): False,
    ("localhost:4711.evil.example",): False,
    ("127.0.0.1:4711@evil.example",): False,
    ("0.0.0.0:4711",): False,
    ("",): False,
}
ORIGINS = {
    (): True,
    ("",): False,
    ("null",): False,
    ("http://localhost:4711",): False,
    ("https://evil.example",): False,
}
CREDENTIALS: dict[tuple[tuple[str, str], ...], bool] = {
    (("Authorization", f"Bearer {TOKEN}"),): True,
    (("authorization", f"bearer {TOKEN}"),): True,
    (("X-API-Key", TOKEN),): True,
    (("Authorization", f"Bearer {TOKEN}"), ("X-API-Key", TOKEN)): True,
    (): False,
    (("Authorization", ""),): False,
    (("Authorization", "Bearer"),): False,
    (("Authorization", TOKEN),): False,
    (("Authorization", f"Basic {TOKEN}"),): False,
    (("Authorization", f"Bearer {TOKEN[:-1]}"),): False,
    (("Authorization", f"Bearer {TOKEN}x"),): False,
    (("Authorization", f"Bearer {TOKEN} {TOKEN}"),): False,
    (("Authorization", f"Bearer {TOKEN.upper()}"),): False,
    (("Authorization", "Bearer \udcff\udcfe"),): False,
    (("X-API-Key", ""),): False,
    (("X-API-Key", f"Bearer {TOKEN}"),): False,
    (("X-API-Key", TOKEN), ("X-API-Key", "wrong")): False,
    (("Authorization", "Bearer wrong"), ("X-API-Key", TOKEN)): False,
    (("Cookie", f"token={TOKEN}"),): False,
}


def handshake(
    hosts: tuple[str, ...] = ("localhost:4711",),
    origins: tuple[str, ...] = (),
    credentials: tuple[tuple[str, str], ...] = (("Authorization", f"Bearer {TOKEN}"),),
    target: str = "/acp",
) -> Handshake:
    named = [("Host", host) for host in hosts] + [("Origin", origin) for origin in origins]
    return Handshake(target, (*named, *credentials))


def test_only_the_right_host_without_an_origin_and_with_the_token_gets_in() -> None:
    tried = 0
    for hosts, origins, credentials in itertools.product(HOSTS, ORIGINS, CREDENTIALS):
        is_right = HOSTS[hosts] and ORIGINS[origins] and CREDENTIALS[credentials]
        verdict = admit(handshake(hosts, origins, credentials), TCP)
        assert (verdict == HOLDER) is is_right, (hosts, origins, credentials)
        tried += 1
    assert tried > 1_000


@pytest.mark.parametrize("hosts", [hosts for hosts, is_right in HOSTS.items() if not is_right])
def test_a_foreign_host_is_forbidden(hosts: tuple[str, ...]) -> None:
    verdict = admit(handshake(hosts), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 403


@pytest.mark.parametrize("credentials", [credential for credential, is_right in CREDENTIALS.items() if not is_right])
def test_a_missing_or_wrong_token_is_unauthorized(credentials: tuple[tuple[str, str], ...]) -> None:
    verdict = admit(handshake(credentials=credentials), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 401


@pytest.mark.parametrize("target", ["/", "/acp/", "/acp/x", "/ACP", "//acp", "http://localhost:4711/acp", "", "/%61cp"])
def test_another_path_is_not_found(target: str) -> None:
    verdict = admit(handshake(target=target), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 404


@pytest.mark.parametrize("query", [f"?token={TOKEN}", f"?access_token={TOKEN}", "?", "?x=1"])
def test_a_query_is_refused_even_beside_the_right_header(query: str) -> None:
    verdict = admit(handshake(target=f"/acp{query}"), TCP)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 400
    assert TOKEN not in verdict.reason


def test_a_refusal_never_repeats_what_was_sent() -> None:
    verdict = admit(handshake(credentials=(("Authorization", "Bearer canary-123"),)), TCP)
    assert isinstance(verdict, Refusal)
    assert "canary-123" not in verdict.reason


def test_behind_a_unix_socket_the_host_is_localhost() -> None:
    assert admit(handshake(("localhost",)), UNIX) == HOLDER
    assert isinstance(admit(handshake(("localhost:4711",)), UNIX), Refusal)


def test_on_port_80_a_client_leaves_the_port_out() -> None:
    assert {"localhost", "localhost:80"} <= hosts_of(80)


def test_the_config_does_not_show_its_token() -> None:
    assert TOKEN not in repr(TCP)


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_USER_ID + 1), "a\nb", "a\x1b[31m", "a\u202eb"])
def test_a_user_name_that_cannot_be_shown_or_stored_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        local_identity(name)


def test_two_spellings_of_one_name_are_one_user() -> None:
    assert local_identity("Jose\u0301") == local_identity(" Jos\u00e9 ")
