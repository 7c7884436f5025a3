"""A Redis server of the test's own, on a socket in its own folder."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.core.redis_address import redis_address
from server.state.store import StateStore
from server.storage.redis_process import RedisProcess
from server.storage.redis_state import RedisState

BINARY = shutil.which("redis-server")


def skip_without_redis(kind: str = "redis") -> None:
    if kind.startswith("redis") and BINARY is None:
        pytest.skip("there is no program redis-server here")


class RedisServer:
    """Can be killed, frozen and started again, with or without what it held."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.process: asyncio.subprocess.Process | None = None

    def url(self, password: str = "") -> str:
        return f"unix://{f':{password}@' if password else ''}{self.socket}"

    async def start(self, *options: str) -> None:
        assert BINARY is not None
        self.process = await asyncio.create_subprocess_exec(
            BINARY, "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.folder), *options,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_unix_connection(self.socket)
                except OSError:
                    await asyncio.sleep(0.01)
                else:
                    writer.close()
                    await writer.wait_closed()
                    return

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def do(self, *words: str) -> str:
        """Have its own client tell it something; what it answers."""
        command = ("redis-cli", "-s", str(self.socket), *words)
        client = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        told, _ = await client.communicate()
        return told.decode()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def redis_server(*options: str) -> AsyncIterator[RedisServer]:
    # A short path: a socket's has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="rb") as folder:
        server = RedisServer(Path(folder))
        await server.start(*options)
        try:
            yield server
        finally:
            await server.kill()


def is_away(store: RedisState) -> bool:
    """Whether all goes to the database now."""
    return store._presence.process is None


@asynccontextmanager
async def redis_store(server: RedisServer, inner: StateStore, *, now: Callable[[], float]) -> AsyncIterator[RedisState]:
    """A store with ``server`` before ``inner``; it is used from the start to the end, without a loss."""
    notices: list[str] = []
    address = redis_address(server.url())
    store = RedisState(inner, lambda: RedisProcess(address), notices.append, now=now)
    await store.settled()
    assert not is_away(store)
    try:
        yield store
        assert not is_away(store)
    finally:
        await store.close()
    assert notices == []
