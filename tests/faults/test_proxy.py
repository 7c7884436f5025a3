"""The proxy does each fault that it promises, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.proxy import Direction, Line, Proxy, proxy_to

PATIENCE = 5.0
QUIET = 0.1
"""How long nothing must come before it counts as nothing."""


class Caller:
    """A client of an echo server behind a proxy."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy, self.reader, self.writer = proxy, reader, writer

    @property
    def line(self) -> Line:
        return self.proxy.lines[0]

    async def hears(self, text: bytes) -> bool:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(len(text)) == text

    async def hears_nothing(self) -> bool:
        try:
            async with asyncio.timeout(QUIET):
                return await self.reader.read(1) is None
        except TimeoutError:
            return True


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(1000):
            writer.write(chunk)
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def calling(unix: Path | None = None) -> AsyncIterator[Caller]:
    """Somebody who was answered once already."""
    server = await (asyncio.start_unix_server(echo, unix) if unix else asyncio.start_server(echo, "127.0.0.1", 0))
    target = unix or ("127.0.0.1", server.sockets[0].getsockname()[1])
    async with server, proxy_to(target) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        caller = Caller(proxy, reader, writer)
        try:
            writer.write(b"hello")
            assert await caller.hears(b"hello")
            yield caller
        finally:
            writer.close()


@pytest.mark.parametrize("is_unix", [False, True])
async def test_bytes_pass_both_ways_to_a_port_and_to_a_unix_socket(tmp_path: Path, is_unix: bool) -> None:
    async with calling(tmp_path / "echo" if is_unix else None) as caller:
        assert [caller.line.passed(way) for way in Direction] == [5, 5]


async def test_a_delay_delays() -> None:
    async with calling() as caller:
        caller.line.delay(0.2, Direction.TO_SERVER)
        begun = asyncio.get_running_loop().time()
        caller.writer.write(b"late")
        assert await caller.hears(b"late")
        assert asyncio.get_running_loop().time() - begun >= 0.2


@pytest.mark.parametrize("ways", [(), (Direction.TO_SERVER,), (Direction.TO_CLIENT,)])
async def test_a_stall_passes_nothing_on_and_keeps_the_sockets_open(ways: tuple[Direction, ...]) -> None:
    async with calling() as caller:
        caller.line.stall(*ways)
        caller.writer.write(b"kept")
        assert await caller.hears_nothing()
        assert caller.line.is_open
        caller.line.pass_on(*ways)
        assert await caller.hears(b"kept")


async def test_a_cut_passes_so_many_bytes_and_then_closes() -> None:
    async with calling() as caller:
        caller.line.cut(3, Direction.TO_CLIENT)
        caller.writer.write(b"message")
        async with asyncio.timeout(PATIENCE):
            assert await caller.reader.read() == b"mes"
        assert not caller.line.is_open


async def test_a_reset_is_seen_as_one() -> None:
    async with calling() as caller:
        caller.line.reset()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionResetError):
                await caller.reader.read()


async def test_new_connections_are_refused_until_they_are_accepted_again() -> None:
    async with calling() as caller:
        await caller.proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", caller.proxy.port)
        caller.writer.write(b"still here")
        assert await caller.hears(b"still here")
        caller.proxy.accept()
        _, writer = await asyncio.open_connection("127.0.0.1", caller.proxy.port)
        writer.close()
