"""Who gets in: every Origin, Host and token against Ringback, ``adk api_server`` and Chainlit, each as it starts.

ADK and Chainlit ask for no credential by default: to whoever comes under their own name and from no foreign page they
are open, and that is counted as let in without a right token. Chainlit takes part where the command ``chainlit`` is
there, or ``CHAINLIT`` names it: ``pip install chainlit`` in an environment of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.table import show
from tests.journeys.server_process import fresh_server

STARTING = 90.0
HOSTS = ("127.0.0.1:{port}", "localhost:{port}", "evil.example", "evil.example:{port}", "localhost.evil.example:{port}")
ORIGINS = ("", "https://evil.example", "null", "http://localhost:1", "https://localhost.evil.example")
OWN = 2
"""So many of the hosts are the server's own; of the origins, the first one, which is none."""
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@dataclass(frozen=True)
class Door:
    """A server that listens: what is asked of it, and its tokens by whether they are right."""

    port: int
    target: str
    method: str = "GET"
    upgrade: bool = False
    tokens: Mapping[str, bool] = field(default_factory=lambda: {"": False, "x": False})

    async def lets_in(self, host: str, origin: str, token: str) -> bool:
        """Whether this handshake or request is answered with what was asked for."""
        headers = f"Host: {host}\r\n" + (f"Origin: {origin}\r\n" if origin else "")
        headers += f"Authorization: Bearer {token}\r\n" if token else ""
        headers += UPGRADE if self.upgrade else "Connection: close\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"{self.method} {self.target} HTTP/1.1\r\n{headers}\r\n".encode())
            async with asyncio.timeout(20):
                line = await reader.readline()
            return line.split()[1:2] in ([b"101"], [b"200"])
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def row(self, name: str) -> list[str]:
        """How many wrong combinations get in, and how many right ones."""
        wrong = wrong_in = right = right_in = 0
        for (i, host), (j, origin), (token, is_right) in itertools.product(
            enumerate(HOSTS), enumerate(ORIGINS), self.tokens.items()
        ):
            is_in = await self.lets_in(host.format(port=self.port), origin, token)
            if i < OWN and j == 0 and is_right:
                right, right_in = right + 1, right_in + is_in
            else:
                wrong, wrong_in = wrong + 1, wrong_in + is_in
        return [name, f"{wrong_in} of {wrong}", f"{right_in} of {right}" if right else "there are none"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def running(port: int, folder: Path, *command: str, **environ: str) -> AsyncIterator[None]:
    """Another server, once it listens."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **environ},
    )  # fmt: skip
    try:
        async with asyncio.timeout(STARTING):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    if process.returncode is not None:
                        raise RuntimeError(f"{command[0]} ended with {process.returncode}") from None
                    await asyncio.sleep(0.2)
                else:
                    writer.close()
                    break
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ours(home: Path) -> list[str]:
    async with fresh_server(home) as server:
        port = server.port
        almost = server.token[:-1] + ("A" if server.token[-1] != "A" else "B")
        tokens = {server.token: True, "": False, almost: False, "x": False}
        return await Door(port, "/acp", upgrade=True, tokens=tokens).row("Ringback, WebSocket")


async def of_adk(home: Path) -> list[list[str]]:
    agent = home / "agents" / "echo"
    agent.mkdir(parents=True)
    (agent / "__init__.py").write_text("from . import agent\n")
    (agent / "agent.py").write_text("from google.adk.agents import Agent\nroot_agent = Agent(name='echo', model='x')\n")
    port = free_port()
    command = (sys.executable, "-m", "google.adk.cli", "api_server", "--port", str(port), str(agent.parent))
    async with running(port, home, *command):
        return [
            await Door(port, "/list-apps").row("adk api_server, HTTP"),
            await Door(port, "/apps/echo/users/u/sessions", "POST").row("adk api_server, a session of another user"),
            await Door(port, "/run_live?app_name=echo&user_id=u&session_id=s", upgrade=True).row(
                "adk api_server, WebSocket"
            ),
        ]


async def of_chainlit(home: Path) -> list[list[str]]:
    command = os.environ.get("CHAINLIT") or shutil.which("chainlit")
    if command is None:
        return [["Chainlit", "not installed here", ""]]
    (home / "app.py").write_text("import chainlit as cl\n\n\n@cl.on_message\nasync def answer(message):\n    pass\n")
    port = free_port()
    async with running(
        port, home, command, "run", "app.py", "--headless", "--port", str(port), HOME=str(home), PYTHONPATH=""
    ):
        return [
            await Door(port, "/project/translations").row("Chainlit, HTTP"),
            await Door(port, "/ws/socket.io/?EIO=4&transport=websocket", upgrade=True).row("Chainlit, WebSocket"),
        ]


async def rows(home: Path) -> list[list[str]]:
    for name in ("ours", "adk", "chainlit"):
        (home / name).mkdir()
    return [await ours(home / "ours"), *await of_adk(home / "adk"), *await of_chainlit(home / "chainlit")]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(rows(Path(folder)))
    show("Who gets in, of every Origin, Host and token", ["server", "wrong ones let in", "right ones let in"], found)
