"""The door on a real socket: what a refused peer sees, who is behind a line, and the cap."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from server.core.identity import Admission, Scope, identity_named
from server.gateway import watchman
from server.gateway.authenticator import Authenticator
from server.gateway.door import DoorConfig, Presented, Refusal, hosts_of
from server.gateway.line import Line
from server.gateway.listener import MAX_ENTERING, Entrance, Listener
from server.gateway.sockets import bind_unix
from server.ports import KeyStore
from shared.errors import StorageError
from shared.ids import TenantId
from tests.server.gateway.keys_for_tests import NOON, KeysInMemory, knowing_local, new_key

TOKEN = "a-token-of-at-least-thirty-two-characters"
WAIT = 10.0
ADA = identity_named("acme", "ada")


async def counters() -> str:
    return "ringback_connections 3.0\n"


@dataclass
class Doorway:
    """An open door; ``lines`` are those that were let in."""

    path: Path
    keys: KeysInMemory = field(default_factory=KeysInMemory)
    lines: list[Line] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def listener(self) -> Listener:
        return self._listener

    @contextlib.asynccontextmanager
    async def open(
        self,
        *,
        max_connections: int = 200,
        max_of_one: int = 200,
        tenants: tuple[str, ...] = (),
        authenticator: Authenticator | None = None,
    ) -> AsyncIterator[Doorway]:
        self._listener = Listener(self._talk, counters)
        door = DoorConfig(
            hosts=hosts_of(None),
            tenants=frozenset(TenantId(tenant) for tenant in tenants),
            most=max_connections,
            most_of_one=max_of_one,
        )
        asked = authenticator or knowing_local(TOKEN, self.keys)
        await self._listener.listen(Entrance(bind_unix(self.path), door, asked))
        try:
            yield self
        finally:
            await self._listener.close()

    async def _talk(self, line: Line) -> None:
        self.lines.append(line)
        self.came.set()
        await line.wait_closed()

    def client(self, uri: str = "ws://localhost/acp", **headers: str) -> connect:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return unix_connect(str(self.path), uri=uri, additional_headers=told, compression=None)

    async def refused(self, uri: str = "ws://localhost/acp", **headers: str) -> Response:
        with pytest.raises(InvalidStatus) as caught:
            await self.client(uri, **headers)
        return caught.value.response

    async def admitted(self, **headers: str) -> Admission:
        """What the next client with these headers is granted."""
        self.came.clear()
        async with self.client(**headers):
            await asyncio.wait_for(self.came.wait(), WAIT)
        return self.lines[-1].admission

    async def until(self, connections: int) -> None:
        async with asyncio.timeout(WAIT):
            while self.listener.connections != connections:
                await asyncio.sleep(0)


@pytest.fixture
async def doorway(tmp_path: Path) -> Doorway:
    return Doorway(tmp_path / "s.sock")


def signature(client: ClientConnection) -> str:
    assert client.response is not None
    return client.response.headers["Acp-Connection-Id"]


async def test_a_connection_is_named_by_a_uuid_of_its_own(doorway: Doorway) -> None:
    async with (
        doorway.open(),
        doorway.client(Authorization=f"Bearer {TOKEN}") as one,
        doorway.client(X_API_Key=TOKEN) as other,
    ):
        names = [signature(client) for client in (one, other)]
        await doorway.until(2)
    assert len(set(names)) == 2
    assert all(uuid.UUID(name).version == 4 for name in names)


async def test_a_line_knows_what_it_was_granted(doorway: Doorway) -> None:
    key, kept = new_key(ADA, Scope.CHAT, Scope.METRICS)
    await doorway.keys.create(kept)
    async with doorway.open():
        local = await doorway.admitted(Authorization=f"Bearer {TOKEN}")
        assert local == Admission(identity_named("default", "someone"), frozenset(Scope), "local token")
        by_key = await doorway.admitted(X_API_Key=key)
        assert by_key == Admission(ADA, kept.scopes, f"key {kept.id}", kept.expires_at)
        assert doorway.lines[-1].identity == ADA


async def test_a_gateway_names_a_person_in_headers_of_any_alphabet(doorway: Doorway) -> None:
    key, kept = new_key(identity_named("acme", "gateway"), Scope.CHAT, Scope.ACT_AS)
    await doorway.keys.create(kept)
    async with doorway.open():
        admission = await doorway.admitted(X_API_Key=key, X_Tenant_ID="beta", X_User_ID="Jos\u00e9 \u5f20")
        assert admission.identity == identity_named("beta", "Jos\u00e9 \u5f20")
        assert admission.scopes == {Scope.CHAT}


async def test_without_a_credential_there_is_no_upgrade(doorway: Doorway) -> None:
    async with doorway.open():
        response = await doorway.refused()
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert b"token" in response.body
        assert "Acp-Connection-Id" not in response.headers
        wrong = await doorway.refused(Authorization="Bearer wrong")
        key, _ = new_key(ADA)
        unknown = await doorway.refused(X_API_Key=key)
        assert wrong.body == unknown.body == response.body
        assert doorway.listener.connections == 0
        assert not doorway.lines


async def test_a_foreign_host_origin_or_path_is_refused_even_with_the_token(doorway: Doorway) -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}
    async with doorway.open():
        assert (await doorway.refused("ws://evil.example/acp", **right)).status_code == 403
        assert (await doorway.refused(Origin="http://localhost", **right)).status_code == 403
        assert (await doorway.refused("ws://localhost/other", **right)).status_code == 404
        assert (await doorway.refused(f"ws://localhost/acp?token={TOKEN}")).status_code == 400


async def test_somebody_elses_names_and_tenants_are_forbidden(doorway: Doorway) -> None:
    key, kept = new_key(ADA)
    stranger, strangers = new_key(identity_named("other", "ada"))
    for record in (kept, strangers):
        await doorway.keys.create(record)
    async with doorway.open(tenants=("acme",)):
        response = await doorway.refused(X_API_Key=key, X_User_ID="bob")
        assert (response.status_code, b"act-as" in response.body) == (403, True)
        response = await doorway.refused(X_API_Key=stranger)
        assert (response.status_code, response.body) == (403, b"There is no tenant of that name here.\n")
        assert (await doorway.refused(X_API_Key=key, X_User_ID="u" * 65)).status_code == 400
        assert (await doorway.admitted(X_API_Key=key)).identity == ADA


async def test_one_connection_over_the_cap_is_refused_with_a_reason_and_room_is_found_again(doorway: Doorway) -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}
    async with doorway.open(max_connections=2), doorway.client(**right):
        async with doorway.client(**right):
            response = await doorway.refused(**right)
            assert response.status_code == 503
            assert b"All 2 connections" in response.body
        await doorway.until(1)
        async with doorway.client(**right) as third:
            await third.ping()


async def test_the_cap_holds_for_those_who_all_wait_for_the_keys(doorway: Doorway) -> None:
    key, kept = new_key(ADA)
    await doorway.keys.create(kept)
    loaded, waiting = asyncio.Event(), asyncio.Semaphore(0)

    async def keys() -> KeyStore:
        waiting.release()
        await loaded.wait()
        return doorway.keys

    slow = knowing_local(TOKEN)
    slow._keys = keys
    async with doorway.open(max_connections=2, authenticator=slow), contextlib.AsyncExitStack() as stack:
        coming = [asyncio.ensure_future(stack.enter_async_context(doorway.client(X_API_Key=key))) for _ in range(5)]
        async with asyncio.timeout(WAIT):
            for _ in coming:
                await waiting.acquire()
            loaded.set()
            came = await asyncio.gather(*coming, return_exceptions=True)
        refused = [answer for answer in came if isinstance(answer, InvalidStatus)]
        assert len(refused) == 3
        assert {answer.response.status_code for answer in refused} == {503}
        assert doorway.listener.connections == 2


async def test_a_peer_that_leaves_while_its_key_is_looked_up_takes_no_place(doorway: Doorway) -> None:
    key, kept = new_key(ADA)
    await doorway.keys.create(kept)
    asked, loaded = asyncio.Event(), asyncio.Event()

    async def keys() -> KeyStore:
        asked.set()
        await loaded.wait()
        return doorway.keys

    slow = knowing_local(TOKEN)
    slow._keys = keys
    async with doorway.open(authenticator=slow):
        reader, writer = await asyncio.open_unix_connection(doorway.path)
        head = "GET /acp HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        secret = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        writer.write(f"{head}{secret}X-API-Key: {key}\r\n\r\n".encode())
        await asyncio.wait_for(asked.wait(), WAIT)
        writer.close()
        await writer.wait_closed()
        loaded.set()
        await asyncio.wait_for(reader.read(), WAIT)
        async with doorway.client(Authorization=f"Bearer {TOKEN}"):
            await doorway.until(1)
        await doorway.until(0)


async def test_a_bug_in_the_door_lets_nobody_in_and_is_logged(
    doorway: Doorway, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Authenticator):
        async def admission(self, presented: Presented) -> Admission | Refusal:
            raise RuntimeError("a bug")

    async def keys() -> KeyStore:
        return doorway.keys

    broken = Broken(knowing_local(TOKEN)._local, keys)
    async with doorway.open(authenticator=broken):
        response = await doorway.refused(Authorization=f"Bearer {TOKEN}")
        assert response.status_code == 500
        assert doorway.listener.connections == 0
    assert "a bug in the door" in caplog.text


async def test_neither_credentials_nor_target_stand_in_the_log(
    doorway: Doorway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="server")
    key, kept = new_key(ADA)
    unknown, _ = new_key(ADA)
    await doorway.keys.create(kept)
    async with doorway.open():
        await doorway.admitted(Authorization=f"Bearer {TOKEN}")
        await doorway.admitted(X_API_Key=key)
        await doorway.refused(Authorization="Bearer canary-wrong")
        await doorway.refused(X_API_Key=unknown)
        await doorway.refused(X_API_Key=key, X_User_ID="canary-user")
        await doorway.refused("ws://localhost/acp?token=canary-query")
    assert "connection_accepted client_identifier=" in caplog.text
    assert f'tenant=acme user=ada credential="key {kept.id}"' in caplog.text
    assert "connection_refused status=401" in caplog.text
    for secret in ("canary", TOKEN, key, key[15:], unknown[15:], kept.secret_hash):
        assert secret not in caplog.text


async def get(doorway: Doorway, path: str, *headers: str) -> tuple[int, str, str]:
    """Status, content type and body of a plain GET, without any WebSocket."""
    reader, writer = await asyncio.open_unix_connection(doorway.path)
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(WAIT):
        answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    kinds = [line for line in head.splitlines() if line.lower().startswith("content-type:")]
    assert len(kinds) == 1
    return int(head.split()[1]), kinds[0], body


async def test_the_counters_are_there_for_a_plain_get_with_the_scope(doorway: Doorway) -> None:
    reader, may_read = new_key(ADA, Scope.METRICS)
    chatter, may_chat = new_key(ADA, Scope.CHAT)
    for kept in (may_read, may_chat):
        await doorway.keys.create(kept)
    async with doorway.open():
        status, kind, body = await get(doorway, "/metrics", f"Authorization: Bearer {TOKEN}")
        assert (status, body) == (200, "ringback_connections 3.0\n")
        assert "version=0.0.4" in kind
        assert (await get(doorway, "/metrics", f"X-API-Key: {reader}"))[0] == 200
        assert (await get(doorway, "/metrics", f"X-API-Key: {chatter}"))[0] == 403
        assert (await get(doorway, "/metrics"))[0] == 401
        assert (await get(doorway, "/metrics?x=1", f"X-API-Key: {reader}"))[0] == 400
        assert (await get(doorway, "/metrics", f"X-API-Key: {reader}", "Origin: http://localhost"))[0] == 403
        assert doorway.listener.connections == 0


async def test_nobody_opens_a_websocket_at_the_counters(doorway: Doorway) -> None:
    async with doorway.open():
        answer = await doorway.refused("ws://localhost/metrics", Authorization=f"Bearer {TOKEN}")
        assert answer.status_code == 200
        assert not doorway.lines


async def test_one_person_cannot_take_every_seat(doorway: Doorway) -> None:
    key, kept = new_key(ADA)
    await doorway.keys.create(kept)
    right = {"Authorization": f"Bearer {TOKEN}"}
    async with doorway.open(max_of_one=2), doorway.client(**right), doorway.client(**right) as second:
        response = await doorway.refused(**right)
        assert (response.status_code, b"connections of yours" in response.body) == (429, True)
        async with doorway.client(X_API_Key=key) as other:
            await other.ping()
        await second.close()
        await doorway.until(1)
        async with doorway.client(**right) as third:
            await third.ping()


async def test_the_counters_are_read_when_every_seat_is_taken(doorway: Doorway) -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}
    async with doorway.open(max_connections=1), doorway.client(**right):
        assert (await doorway.refused(**right)).status_code == 503
        assert (await doorway.refused("ws://localhost/metrics", **right)).status_code == 200


async def gone(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_those_who_never_finish_their_handshake_keep_nobody_out(doorway: Doorway) -> None:
    async with doorway.open(), contextlib.AsyncExitStack() as stack:
        for number in range(MAX_ENTERING + 20):
            _, writer = await asyncio.open_unix_connection(str(doorway.path))
            stack.push_async_callback(gone, writer)
            if number % 2:
                writer.write(b"GET /acp HTTP/1.1\r\nHost: localhost\r\n")
        async with asyncio.timeout(WAIT), doorway.client(Authorization=f"Bearer {TOKEN}") as client:
            await client.ping()
        assert len(doorway.listener._entering) <= MAX_ENTERING
        assert doorway.listener.connections <= 1


async def test_a_revoked_key_ends_its_connections_and_no_other_one(
    doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchman, "LOOK_EVERY", 0.02)
    key, kept = new_key(ADA)
    other, kept_too = new_key(ADA)
    for each in (kept, kept_too):
        await doorway.keys.create(each)
    async with (
        doorway.open(),
        doorway.client(X_API_Key=key) as one,
        doorway.client(X_API_Key=key) as two,
        doorway.client(X_API_Key=other) as stays,
    ):
        await doorway.until(3)
        await doorway.keys.revoke(kept.id, NOON)
        async with asyncio.timeout(WAIT):
            for client in (one, two):
                await client.wait_closed()
                assert client.close_code == 1008
                assert "expired or was revoked" in str(client.close_reason)
        await doorway.until(1)
        await stays.ping()


async def test_a_key_with_other_scopes_than_before_ends_its_connection(
    doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchman, "LOOK_EVERY", 0.02)
    key, kept = new_key(ADA, Scope.CHAT, Scope.METRICS)
    await doorway.keys.create(kept)
    async with doorway.open(), doorway.client(X_API_Key=key) as client:
        doorway.keys.kept[kept.id] = dataclasses.replace(kept, scopes=frozenset({Scope.CHAT}))
        async with asyncio.timeout(WAIT):
            await client.wait_closed()
    assert client.close_code == 1008


async def test_while_the_keys_cannot_be_read_everybody_stays(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchman, "LOOK_EVERY", 0.01)
    key, kept = new_key(ADA)
    await doorway.keys.create(kept)
    looked = asyncio.Event()

    async def away(_: object) -> None:
        looked.set()
        raise StorageError("The database is away.")

    async with doorway.open(), doorway.client(X_API_Key=key) as client:
        await doorway.until(1)
        monkeypatch.setattr(doorway.keys, "find", away)
        async with asyncio.timeout(WAIT):
            await looked.wait()
            looked.clear()
            await looked.wait()
        await client.ping()
        assert doorway.listener.connections == 1
        (line,) = doorway.listener._admitted
        ended = dataclasses.replace(line.entered.proved, expires_at=datetime.now(UTC) - timedelta(seconds=1))
        line.entered = dataclasses.replace(line.entered, proved=ended)
        async with asyncio.timeout(WAIT):
            await client.wait_closed()
    assert client.close_code == 1008, "what is over by the clock is over, whatever else can be found out"
