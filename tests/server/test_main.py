"""The server as a process of its own: its line on stdout, its sentences, its exit codes, its files, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed

ROOT = Path(__file__).parents[2]
SLOW = 30.0
"""How long a process may take on a busy machine, in seconds."""


class Process:
    """A server under a home of its own."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path) -> None:
        self.process = process
        self.home = home

    async def line(self) -> Any:
        assert self.process.stdout is not None
        async with asyncio.timeout(SLOW):
            return json.loads(await self.process.stdout.readline())

    async def end(self) -> tuple[int, str, str]:
        """Exit code, and what is left of stdout and stderr."""
        async with asyncio.timeout(SLOW):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()

    def connect(self, ready: Any) -> connect:
        headers = {"Authorization": f"Bearer {Path(ready['token_file']).read_text().strip()}"}
        url: str = ready["url"]
        if url.startswith("ws+unix://"):
            path = url.removeprefix("ws+unix://").removesuffix(":/acp")
            return unix_connect(path, uri="ws://localhost/acp", additional_headers=headers)
        return connect(url, additional_headers=headers)


@contextlib.asynccontextmanager
async def started(home: Path, *options: str, **environ: str) -> AsyncIterator[Process]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *options,
        cwd=ROOT,
        env={**kept, "RINGBACK_HOME": str(home), **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        umask=0,
    )
    try:
        yield Process(process, home)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def converse(websocket: ClientConnection, text: str) -> Any:
    """Introduce, open a session, say ``text``; the answer to the prompt and all that came before it."""
    number = 0

    async def ask(method: str, params: Any) -> tuple[Any, list[Any]]:
        nonlocal number
        number += 1
        await websocket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        before: list[Any] = []
        async with asyncio.timeout(SLOW):
            while True:
                frame = json.loads(await websocket.recv())
                if frame.get("id") == number and "method" not in frame:
                    return frame, before
                before.append(frame)

    await ask("initialize", {"protocolVersion": 1})
    opened, _ = await ask("session/new", {"cwd": "/", "mcpServers": []})
    prompt = [{"type": "text", "text": text}]
    return await ask("session/prompt", {"sessionId": opened["result"]["sessionId"], "prompt": prompt})


async def test_it_says_where_it_is_answers_a_turn_and_stops_when_told(tmp_path: Path) -> None:
    async with started(tmp_path) as server:
        ready = await server.line()
        assert ready["event"] == "ready"
        assert ready["pid"] == server.process.pid
        assert ready["token_file"] == str(tmp_path / "data" / "token")
        async with server.connect(ready) as websocket:
            answer, before = await converse(websocket, "/stream 3")
            assert answer["result"] == {"stopReason": "end_turn"}
            updates = [frame["params"]["update"] for frame in before if frame["method"] == "session/update"]
            said = [part["content"]["text"] for part in updates if part["sessionUpdate"] == "agent_message_chunk"]
            assert "".join(said) == "1 2 3"
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(websocket.recv(), SLOW)
            assert websocket.close_code == 1001
        code, out, err = await server.end()
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    assert not list((tmp_path / "runtime").iterdir()), "the socket is taken away"
    assert not (tmp_path / "data" / "server.pid").exists()


async def test_every_file_is_its_owners_alone_at_umask_000(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with started(home) as server:
        ready = await server.line()
        async with server.connect(ready) as websocket:
            await converse(websocket, "hello")
            found = {str(path.relative_to(home)): stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*")}
            folders = {name for name in found if (home / name).is_dir()}
            assert {name: mode for name, mode in found.items() if name in folders and mode != 0o700} == {}
            assert {name: mode for name, mode in found.items() if name not in folders and mode != 0o600} == {}
    names = {"data/token", "data/ringback.db", "data/ringback.db-wal", "data/server.lock", "state/server.log"}
    assert names <= set(found)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


async def test_over_tcp_it_names_the_port_it_found(tmp_path: Path) -> None:
    async with started(tmp_path, "--host", "localhost", "--port", "0") as server:
        ready = await server.line()
        assert ready["url"].startswith("ws://127.0.0.1:")
        async with server.connect(ready) as websocket:
            answer, _ = await converse(websocket, "hello")
            assert answer["result"] == {"stopReason": "end_turn"}


async def test_the_token_is_kept_and_is_neither_in_the_log_nor_on_stderr(tmp_path: Path) -> None:
    tokens = set()
    for _ in range(2):
        async with started(tmp_path) as server:
            ready = await server.line()
            tokens.add(Path(ready["token_file"]).read_text().strip())
            async with server.connect(ready):
                server.process.terminate()
            _, out, err = await server.end()
    (token,) = tokens
    assert len(token) >= 32
    assert token not in out + err + (tmp_path / "state" / "server.log").read_text()


async def test_a_second_embedded_server_says_who_holds_the_folder_and_goes_in_peace(tmp_path: Path) -> None:
    async with started(tmp_path) as first:
        await first.line()
        async with started(tmp_path, "--embedded") as second:
            assert await second.line() == {"event": "held", "pid": first.process.pid}
            assert (await second.end())[0] == 0
        async with started(tmp_path) as third:
            code, out, err = await third.end()
            assert (code, out) == (1, "")
            assert f"process {first.process.pid}" in err


async def test_a_killed_servers_folder_and_socket_are_free_again(tmp_path: Path) -> None:
    async with started(tmp_path) as first:
        await first.line()
        first.process.kill()
        await first.end()
    async with started(tmp_path, "--embedded") as second:
        assert (await second.line())["event"] == "ready"


async def test_an_embedded_server_leaves_after_its_last_client(tmp_path: Path) -> None:
    async with started(tmp_path, "--embedded", "--grace", "0.2") as server:
        ready = await server.line()
        async with server.connect(ready) as websocket:
            await converse(websocket, "hello")
            assert server.process.returncode is None
        assert await server.end() == (0, "", "")


async def test_an_embedded_server_stays_while_a_turn_runs_without_a_client(tmp_path: Path) -> None:
    async with started(tmp_path, "--embedded", "--grace", "0.2") as server:
        ready = await server.line()
        async with server.connect(ready) as websocket:
            asking = asyncio.create_task(converse(websocket, "/slow 1"))
            log = tmp_path / "state" / "server.log"
            async with asyncio.timeout(SLOW):
                while "session_created" not in log.read_text():
                    await asyncio.sleep(0.02)
            asking.cancel()
        assert (await server.end())[0] == 0
    lines = log.read_text().splitlines()
    left = next(line for line in lines if "connection_ended" in line)
    gone = next(line for line in lines if "server_unneeded" in line)
    assert _seconds(gone) - _seconds(left) > 0.8


async def test_an_embedded_server_that_nobody_finds_leaves_too(tmp_path: Path) -> None:
    async with started(tmp_path, "--embedded", "--grace", "0.2", "--patience", "0.3") as server:
        await server.line()
        assert await server.end() == (0, "", "")


async def failed(home: Path, *options: str, code: int, saying: str, **environ: str) -> None:
    """The server fails with that exit code and sentence: on stderr, and when embedded as a line on stdout too."""
    for embedded in ((), ("--embedded",)):
        async with started(home, *options, *embedded, **environ) as server:
            found, out, err = await server.end()
        assert found == code
        assert saying in err
        assert "Traceback" not in err
        if not embedded:
            assert out == ""
            continue
        line = json.loads(out)
        assert (line["event"], line["exit_code"]) == ("failed", code)
        assert saying in line["message"]


async def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        await failed(tmp_path, "--port", port, code=1, saying=f"port {port}")


async def test_a_socket_in_use_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as holder:
        holder.bind(str(path))
        holder.listen()
        await failed(tmp_path, "--socket", str(path), code=1, saying="Another server listens")


async def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    await failed(tmp_path, "--data-dir", str(tmp_path / "file" / "data"), code=1, saying="cannot be made")


async def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    await failed(tmp_path, "--log-file", str(tmp_path / "folder"), code=1, saying="--log-file")


async def test_a_damaged_database_is_a_sentence_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    database = tmp_path / "data" / "ringback.db"
    database.write_text("no database at all " * 50)
    await failed(tmp_path, code=1, saying="Move it away")
    assert database.read_text() == "no database at all " * 50


async def test_a_newer_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    connection = sqlite3.connect(tmp_path / "data" / "ringback.db")
    connection.execute("CREATE TABLE ringback_version (version_num VARCHAR(32))")
    connection.execute("INSERT INTO ringback_version VALUES ('9999')")
    connection.commit()
    connection.close()
    await failed(tmp_path, code=1, saying="newer Ringback")


@pytest.mark.parametrize("kind", ["link", "folder", "short"])
async def test_a_token_file_that_is_none_is_a_sentence(tmp_path: Path, kind: str) -> None:
    token = tmp_path / "data" / "token"
    token.parent.mkdir()
    match kind:
        case "link":
            (tmp_path / "elsewhere").write_text("x" * 43)
            token.symlink_to(tmp_path / "elsewhere")
        case "folder":
            token.mkdir()
        case _:
            token.write_text("short")
    await failed(tmp_path, code=1, saying=str(token))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
async def test_a_host_that_others_could_reach_is_refused_before_anything_is_opened(tmp_path: Path, host: str) -> None:
    await failed(tmp_path, "--host", host, code=2, saying=host)
    assert not (tmp_path / "data").exists()


async def test_wrong_usage_is_a_sentence(tmp_path: Path) -> None:
    await failed(tmp_path, "--no-such-option", code=2, saying="--no-such-option")
    await failed(tmp_path, "--port", "many", code=2, saying="--port")
    await failed(tmp_path, code=2, saying="RINGBACK_PORT", RINGBACK_PORT="many")


@pytest.mark.parametrize("option", ["--help", "--version"])
async def test_help_and_version_are_printed(tmp_path: Path, option: str) -> None:
    async with started(tmp_path, option) as server:
        code, out, err = await server.end()
    assert (code, err) == (0, "")
    assert "serve" in out if option == "--help" else "0." in out


def _seconds(line: str) -> float:
    hours, minutes, seconds = line.split()[1].replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
