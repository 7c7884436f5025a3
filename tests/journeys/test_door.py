"""The door of a real server: who gets in, what it opens to other machines, and when an open connection ends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from server.core.jwt_claims import LEEWAY
from tests.faults.dying_server import faults_with
from tests.journeys.certificate_for_tests import certificate, trusting
from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import RunningServer, environment, running_server
from tests.journeys.test_identities import command, key_for, key_part, taking_tokens
from tests.server.gateway.issuer_for_tests import claims, jwk, token, written

PATIENCE = 30.0
ENDED_WITHIN = 5.0
"""Seconds, as promised."""

HANDSHAKE = (
    "GET {target} HTTP/1.1\r\n{headers}Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


# --- who gets in ----------------------------------------------------------------------------------------------


async def status(server: RunningServer, headers: list[tuple[str, str]], target: str = "/acp") -> int:
    """The status that a handshake of exactly these headers is answered with."""
    if server.url.startswith("ws+unix://"):
        path = server.url.removeprefix("ws+unix://").removesuffix(":/acp")
        reader, writer = await asyncio.open_unix_connection(path)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        writer.write(HANDSHAKE.format(target=target, headers=lines).encode("latin-1"))
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        return int(line.split()[1])
    finally:
        await gone(writer)


async def gone(writer: asyncio.StreamWriter) -> None:
    """Close the connection to its end."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


LISTED = "https://chat.example.org"
ORIGINS: dict[tuple[str, ...], bool] = {
    (): True,
    (LISTED,): True,
    ("https://evil.example",): False,
    ("null",): False,
    ("http://localhost",): False,
    (f"{LISTED}.evil.example",): False,
    (LISTED, "https://evil.example"): False,
}


def hosts(own: str) -> dict[tuple[str, ...], bool]:
    name, _, port = own.partition(":")
    return {
        (own,): True,
        ("chat.example.org",): True,
        (): False,
        ("evil.example",): False,
        (f"{name}.evil.example",): False,
        (own, own): False,
        (f"evil.example:{port or 80}",): False,
    }


def credentials(server: RunningServer, key: str) -> dict[tuple[tuple[str, str], ...], bool]:
    almost = server.token[:-1] + ("A" if server.token[-1] != "A" else "B")
    return {
        (("Authorization", f"Bearer {server.token}"),): True,
        (("X-API-Key", key),): True,
        (): False,
        (("Authorization", f"Bearer {almost}"),): False,
        (("Cookie", f"token={server.token}"),): False,
        (("Authorization", f"Bearer {server.token}"), ("X-API-Key", key)): False,
    }


async def matrix(home: Path, transport: str, plant: str | None = None) -> list[str]:
    """Every combination: which of them were answered wrongly."""
    key = await key_for(home, "ada")
    where = ("--host", "127.0.0.1", "--port", "0") if transport == "tcp" else ("--socket", str(home / "s"))
    told = {"RINGBACK_HOSTS": "chat.example.org", "RINGBACK_ORIGINS": LISTED, **faults_with(plant)}
    wrongs, opened = [], 0
    async with running_server(home, transport=where, environ=told) as server:
        own = f"localhost:{server.port}" if transport == "tcp" else "localhost"
        named, shown = hosts(own), credentials(server, key)
        tried = list(itertools.product(named, ORIGINS, shown))
        for host, origin, credential in tried:
            headers = [*(("Host", name) for name in host), *(("Origin", name) for name in origin), *credential]
            answer = await status(server, headers)
            is_right = named[host] and ORIGINS[origin] and shown[credential]
            opened += is_right
            if (answer == 101) is not is_right:
                wrongs.append(f"{answer} for Host {host}, Origin {origin} and {[name for name, _ in credential]}")
        right = [("Host", own), ("Authorization", f"Bearer {server.token}")]
        for target in (f"/acp?token={server.token}", "/acp?tenant=acme", "/acp?user=bob", "/acme/acp", "/acp/bob", "/"):
            answer = await status(server, right, target)
            wrongs += [] if answer in {400, 404} else [f"{answer} for {target[:10]}"]
    assert len(tried) >= 200
    print(f"{transport}: {len(tried)} combinations, {opened} right ones, {len(wrongs)} answered wrongly")
    return wrongs


@pytest.mark.parametrize("transport", ["tcp", "unix"])
async def test_of_all_origins_hosts_and_tokens_only_the_right_ones_get_in(tmp_path: Path, transport: str) -> None:
    assert await matrix(tmp_path, transport) == []


@pytest.mark.parametrize("plant", ["any_host", "any_origin", "any_token"])
async def test_the_trial_fails_where_one_of_them_is_not_looked_at(tmp_path: Path, plant: str) -> None:
    assert await matrix(tmp_path, "unix", plant)


# --- what other machines reach --------------------------------------------------------------------------------


async def start(home: Path, *options: str, **more: str) -> tuple[int, str]:
    """How a server that does not stay ends: exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "--model", "demo", *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(home, **more), cwd=home,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert out == b"", out
    return process.returncode or 0, err.decode().splitlines()[-1]


async def test_nothing_is_opened_to_other_machines_by_mistake(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    encrypted = ("--tls-certificate", str(pem[0]), "--tls-key", str(pem[1]))
    with socket.socket() as taken:
        # Whoever got as far as to bind it would say that somebody has it.
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        named = {"RINGBACK_HOSTS": "chat.example.org"}
        for host in ("0.0.0.0", "::", "192.0.2.1"):
            code, said = await start(tmp_path, "--host", host, "--port", port, **named)
            assert (code, "is not encrypted" in said) == (2, True), said
            for how in (encrypted, ("--insecure",)):
                code, said = await start(tmp_path, "--host", host, "--port", port, *how, **named)
                assert (code, "nobody could prove there who they are" in said) == (2, True), said
        key = await key_for(tmp_path, "ada")
        assert (await command(tmp_path, "revoke", key_part(key)))[0] == 0
        code, said = await start(tmp_path, "--host", "0.0.0.0", "--port", port, *encrypted, **named)
        assert (code, "nobody could prove" in said) == (2, True), "a revoked key opens nothing"
        await key_for(tmp_path, "ada")
        code, said = await start(tmp_path, "--host", "0.0.0.0", "--port", port, *encrypted)
        assert (code, "List them in hosts" in said) == (2, True), said
        pem[1].chmod(0o644)
        code, said = await start(tmp_path, "--host", "0.0.0.0", "--port", port, *encrypted, **named)
        assert (code, "chmod 600" in said) == (1, True), said
        pem[1].chmod(0o600)
        pem[1].write_text("nonsense")
        code, said = await start(tmp_path, "--host", "0.0.0.0", "--port", port, *encrypted, **named)
        assert (code, "no certificate and its key" in said) == (1, True), said


async def test_with_a_certificate_and_a_key_of_ones_own_it_answers_encrypted(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    key = await key_for(tmp_path, "ada")
    where = ("--host", "0.0.0.0", "--port", "0", "--tls-certificate", str(pem[0]), "--tls-key", str(pem[1]))
    async with running_server(tmp_path, transport=where, environ={"RINGBACK_HOSTS": "chat.example.org"}) as server:
        assert server.url.startswith("wss://0.0.0.0:")
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        headers = {"X-API-Key": key}
        async with connect(
            url, additional_headers=headers, ssl=trusting(pem[0]), compression=None, proxy=None
        ) as websocket:
            tab = RawTab(websocket, "PC")
            listening = asyncio.create_task(tab.listen())
            await tab.open()
            assert "stopReason" in (await tab.prompt("hello"))["result"]
            listening.cancel()


# --- when an open connection ends -----------------------------------------------------------------------------


async def ended(tab: RawTab, since: float) -> float:
    """After how many seconds the tab's connection was closed, with what close code and reason a person can act on."""
    async with asyncio.timeout(PATIENCE):
        await tab.websocket.wait_closed()
    assert tab.websocket.close_code == 1008
    assert "Connect again" in str(tab.websocket.close_reason)
    return time.monotonic() - since


async def check_ends(tmp_path: Path, plant: str | None = None) -> dict[str, float]:
    """How long each connection outlived its credential, in seconds."""
    home = taking_tokens(tmp_path, jwk("RS256", kid="one"), jwk("ES256", kid="two"))
    revoked = await key_for(home, "ada")
    ends = int(time.time()) + 6
    expires = token(claims(ends - 3600, exp=ends - LEEWAY), "RS256", header={"kid": "one"})
    unsigned = token(claims(sub="bob"), "ES256", header={"kid": "two"})
    stays = token(claims(sub="cy"), "RS256", header={"kid": "one"})
    took: dict[str, float] = {}
    async with (
        running_server(home, environ=faults_with(plant)) as server,
        raw_tab(server.url, stays) as other,
        raw_tab(server.url, revoked) as by_key,
        raw_tab(server.url, unsigned) as by_token,
        raw_tab(server.url, expires) as by_time,
    ):
        took["expired"] = await ended(by_time, time.monotonic() + ends - time.time())
        assert (await command(home, "revoke", key_part(revoked)))[0] == 0
        took["revoked"] = await ended(by_key, time.monotonic())
        since = time.monotonic()
        written(home / "new.json", jwk("RS256", kid="one")).replace(home / "keys.json")
        took["its key taken away"] = await ended(by_token, since)
        assert "stopReason" in (await other.prompt("still there"))["result"]
    print({name: round(seconds, 1) for name, seconds in took.items()})
    return took


async def test_an_open_connection_ends_soon_after_its_credential_does(tmp_path: Path) -> None:
    took = await check_ends(tmp_path)
    assert all(seconds <= ENDED_WITHIN for seconds in took.values()), took


@pytest.mark.stress
async def test_the_trial_fails_where_nobody_looks_again(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await check_ends(tmp_path, "never_looked_at_again")
