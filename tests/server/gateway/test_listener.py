"""The door on a real socket: what a refused peer sees, the cap, and who may bind where."""

from __future__ import annotations

import os
import socket
import stat
import uuid
from pathlib import Path

import pytest
from websockets.asyncio.client import unix_connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from server.gateway.listener import bind_tcp, bind_unix, url_of
from shared.errors import AddressInUseError, DataFolderError
from tests.server.gateway.client_for_tests import TOKEN, Gateway, listening


async def refused(gateway: Gateway, uri: str = "ws://localhost/acp", **headers: str) -> Response:
    with pytest.raises(InvalidStatus) as caught:
        await unix_connect(str(gateway.path), uri=uri, additional_headers=headers)
    return caught.value.response


async def test_a_connection_is_named_by_a_uuid_of_its_own() -> None:
    async with listening() as gateway, gateway.client() as one, gateway.client() as other:
        names = [client.websocket.response.headers["Acp-Connection-Id"] for client in (one, other)]  # type: ignore[union-attr]
        session_id = await one.open()
    assert len(set(names)) == 2
    assert all(uuid.UUID(name).version == 4 for name in names)
    assert session_id == f"session_someone_{names[0]}"


async def test_without_the_token_there_is_no_upgrade() -> None:
    async with listening() as gateway:
        response = await refused(gateway)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert b"token" in response.body
        assert "Acp-Connection-Id" not in response.headers
        assert (await refused(gateway, Authorization="Bearer wrong")).status_code == 401
        assert gateway.listener.connections == 0


async def test_a_foreign_host_origin_or_path_is_refused_even_with_the_token() -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}
    async with listening() as gateway:
        assert (await refused(gateway, uri="ws://evil.example/acp", **right)).status_code == 403
        assert (await refused(gateway, Origin="http://localhost", **right)).status_code == 403
        assert (await refused(gateway, uri="ws://localhost/other", **right)).status_code == 404
        assert (await refused(gateway, uri=f"ws://localhost/acp?token={TOKEN}")).status_code == 400


async def test_one_connection_over_the_cap_is_refused_with_a_reason_and_room_is_found_again() -> None:
    async with listening(max_connections=2) as gateway, gateway.client() as tab:
        async with gateway.client():
            response = await refused(gateway, Authorization=f"Bearer {TOKEN}")
            assert response.status_code == 503
            assert b"All 2 connections" in response.body
        async with gateway.client() as third:
            await third.open()
        await tab.open()


async def test_neither_token_nor_target_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="server")
    async with listening() as gateway, gateway.client() as tab:
        await tab.open()
        await refused(gateway, Authorization="Bearer canary-wrong")
        await refused(gateway, uri="ws://localhost/acp?token=canary-query")
    assert "connection_accepted client_identifier=" in caplog.text
    assert "connection_refused status=401" in caplog.text
    assert "canary" not in caplog.text
    assert TOKEN not in caplog.text


def test_a_socket_is_for_its_owner_alone_at_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "new" / "s.sock"
        with bind_unix(path) as bound:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert url_of(bound) == f"ws+unix://{path}:/acp"
        assert os.umask(0) == 0
    finally:
        os.umask(before)


def test_a_dead_servers_socket_is_taken_away_and_a_living_ones_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    bind_unix(path).close()
    with bind_unix(path) as bound:
        bound.listen()
        inode = path.stat().st_ino
        with pytest.raises(AddressInUseError, match="Another server listens"):
            bind_unix(path)
        assert path.stat().st_ino == inode


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_socket_is_never_taken_away(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.sock"
    match kind:
        case "file":
            path.write_text("precious")
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AddressInUseError, match="is no socket"):
        bind_unix(path)
    assert path.is_symlink() or path.exists()


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match="cannot be made"):
        bind_unix(tmp_path / "file" / "folder" / "s.sock")


def test_a_port_in_use_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(AddressInUseError, match=f"port {port}"):
            bind_tcp("127.0.0.1", port)


def test_the_url_names_the_port_that_was_found() -> None:
    with bind_tcp("127.0.0.1", 0) as bound:
        assert url_of(bound) == f"ws://127.0.0.1:{bound.getsockname()[1]}/acp"


def test_a_tcp_socket_says_that_it_is_tcp_so_that_small_answers_are_not_held_back() -> None:
    with bind_tcp("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP
