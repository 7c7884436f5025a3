"""Who may bind where, and what is never taken away."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from server.gateway.sockets import bind_tcp, bind_unix, url_of
from shared.errors import AddressInUseError, DataFolderError


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
