"""Finding and starting the local server: with small scripts in its place, and with the real one."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from client.server_process import LocalServer, ServerFinder, local_server
from client.settings import ClientSettings, read_settings
from shared.errors import ServerDidNotStartError
from shared.folders import token_file
from shared.secret import Secret

LISTENING = """
import json, os, signal, socket, sys
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
listening = socket.socket(socket.AF_UNIX)
listening.bind(options["--socket"])
listening.listen()
token = os.path.join(options["--data-dir"], "token")
open(token, "w").write("the-token\\n")
url = f"ws+unix://{options['--socket']}:/acp"
print(json.dumps({"event": "ready", "url": url, "token_file": token, "pid": os.getpid()}), flush=True)
signal.pause()
"""


def stand_in(tmp_path: Path, script: str, **more: object) -> LocalServer:
    """A local server whose program is a script of the test's."""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    server = LocalServer(
        socket=tmp_path / "s.sock",
        data_dir=data,
        log_file=tmp_path / "state" / "server-start.log",
        command=(sys.executable, "-c", script),
    )
    return replace(server, **more)  # type: ignore[arg-type]


async def ended(pid: int) -> None:
    """Waits until a process is gone."""
    try:
        watching = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(watching, gone.set)
    try:
        async with asyncio.timeout(20):
            await gone.wait()
    finally:
        loop.remove_reader(watching)
        os.close(watching)


async def test_a_server_that_is_ready_gives_its_address_and_token_and_lives_on(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    note = f"open({str(pid_file)!r}, 'w').write(f'{{os.getpid()}} {{os.getsid(0)}}')"
    script = LISTENING.replace("print(", f"{note}\nprint(")
    server = stand_in(tmp_path, script)
    endpoint = await server.find_or_start()
    assert (endpoint.socket, endpoint.token) == (tmp_path / "s.sock", Secret("the-token"))
    pid, session = map(int, pid_file.read_text().split())
    assert session == pid, "it has a session of its own, so that a closed terminal does not reach it"
    assert await server.find_or_start() == endpoint, "the second time it is found, not started"
    os.kill(pid, signal.SIGTERM)
    await ended(pid)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("", "ended before it was ready"),
        ("import sys; sys.exit(3)", "ended before it was ready"),
        ("print('hello')", "ended before it was ready"),
        ('print(\'{"event": "dancing"}\')', "ended before it was ready"),
        ("raise SystemExit('its last words')", "ended before it was ready"),
        ('print(\'{"event": "failed", "message": "The folder is full.", "exit_code": 1}\')', "^The folder is full.$"),
    ],
)
async def test_a_server_that_does_not_come_up_is_a_sentence(tmp_path: Path, script: str, sentence: str) -> None:
    server = stand_in(tmp_path, script)
    with pytest.raises(ServerDidNotStartError, match=sentence) as failed:
        await server.find_or_start()
    if "failed" not in script:
        assert str(server.log_file) in str(failed.value)


async def test_what_a_dying_server_wrote_is_in_the_file_that_the_sentence_names(tmp_path: Path) -> None:
    server = stand_in(tmp_path, "raise SystemExit('its last words')")
    with pytest.raises(ServerDidNotStartError):
        await server.find_or_start()
    assert "its last words" in server.log_file.read_text(encoding="utf-8")
    assert stat.S_IMODE(server.log_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.log_file.parent.stat().st_mode) == 0o700


async def test_a_silent_server_is_given_up_and_stopped(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"import os, signal; open({str(pid_file)!r}, 'w').write(str(os.getpid())); signal.pause()"
    server = stand_in(tmp_path, script, start_timeout=2.0)
    with pytest.raises(ServerDidNotStartError, match="silent for 2 seconds"):
        await server.find_or_start()
    await asyncio.wait_for(_gone(int(pid_file.read_text())), 10)


async def _gone(pid: int) -> None:
    try:
        await ended(pid)
    except ProcessLookupError:
        return


async def test_a_data_folder_held_by_a_server_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    server = stand_in(tmp_path, 'print(\'{"event": "held", "pid": 4711}\')', held_timeout=0.5)
    with pytest.raises(ServerDidNotStartError, match=r"process 4711.*--connect"):
        await server.find_or_start()


async def test_a_held_data_folder_is_waited_for_until_its_server_answers(tmp_path: Path) -> None:
    server = stand_in(tmp_path, 'print(\'{"event": "held", "pid": 1}\')')
    token_file(server.data_dir).write_text("its-token\n")
    finding = asyncio.create_task(server.find_or_start())
    listening = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), server.socket)
    async with listening, asyncio.timeout(10):
        endpoint = await finding
    assert endpoint.token == Secret("its-token")


async def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(ServerDidNotStartError, match="cannot be started with its log"):
        await stand_in(tmp_path, "").find_or_start()


@pytest.mark.parametrize("token", [None, "", "\n"])
async def test_a_server_without_a_readable_token_is_a_sentence(tmp_path: Path, token: str | None) -> None:
    server = stand_in(tmp_path, "")
    if token is not None:
        token_file(server.data_dir).write_text(token)
    listening = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), server.socket)
    async with listening:
        with pytest.raises(ServerDidNotStartError, match="token"):
            await server.find_or_start()


# --- the real server --------------------------------------------------------------------------------------


def settings_in(home: Path, monkeypatch: pytest.MonkeyPatch, **given: object) -> ClientSettings:
    monkeypatch.setenv("RINGBACK_HOME", str(home))
    monkeypatch.setenv("RINGBACK_GRACE", "0.5")
    monkeypatch.setenv("RINGBACK_PATIENCE", "2")
    return read_settings({"model": "demo", **given})


@asynccontextmanager
async def leaving(settings: ClientSettings) -> AsyncIterator[None]:
    """At the end, waits until the embedded server has left by itself."""
    try:
        yield
    finally:
        pid_file = settings.data_dir / "server.pid"
        if pid_file.exists():
            await _gone(int(pid_file.read_text()))


async def test_many_clients_at_the_same_moment_end_on_one_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path, monkeypatch)
    async with leaving(settings):
        endpoints = await asyncio.gather(*(local_server(settings).find_or_start() for _ in range(4)))
        assert len(set(endpoints)) == 1
        log = (settings.folders.state / "server.log").read_text(encoding="utf-8")
        assert log.count("server_ready") == 1


async def test_the_tabs_of_one_client_start_one_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path, monkeypatch)
    finder = ServerFinder(settings)
    async with leaving(settings):
        first, second = await asyncio.gather(finder.find(), finder.find())
        assert first == second


async def test_a_named_server_is_taken_at_its_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGBACK_TOKEN", "t")
    settings = settings_in(tmp_path, monkeypatch, connect="wss://example.org/acp")
    endpoint = await ServerFinder(settings).find()
    assert (endpoint.url, endpoint.token) == ("wss://example.org/acp", Secret("t"))


async def test_a_data_folder_that_cannot_be_made_is_the_servers_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    settings = settings_in(tmp_path / "home", monkeypatch, data_dir=tmp_path / "file" / "data")
    with pytest.raises(ServerDidNotStartError, match="file"):
        await local_server(settings).find_or_start()


async def test_a_folder_named_server_where_the_person_is_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "__init__.py").touch()
    (tmp_path / "server" / "__main__.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    settings = settings_in(tmp_path / "home", monkeypatch)
    async with leaving(settings):
        assert (await local_server(settings).find_or_start()).token
