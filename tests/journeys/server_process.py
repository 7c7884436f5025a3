"""A real server process, started as a person would, and stopped at the end."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Protocol

ROOT = Path(__file__).parents[2]
TCP = ("--host", "127.0.0.1", "--port", "0")


class Process(Protocol):
    """What is needed of a process, however it was begun."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def send_signal(self, signal: Signals, /) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    async def wait(self) -> int: ...


@dataclass
class RunningServer:
    """A server that is ready; ``log`` holds what it wrote to stderr."""

    process: Process
    url: str
    token: str
    home: Path
    log: Path

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        return int(self.url.rpartition(":")[2].removesuffix("/acp"))

    @property
    def data_dir(self) -> Path:
        return self.home / "data"

    @property
    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a person who has nothing set but a home for Ringback."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TERM", "TMPDIR"}}
    return {**kept, "RINGBACK_HOME": str(home), "PYTHONPATH": str(ROOT), **more}


@asynccontextmanager
async def running_server(
    home: Path,
    *options: str,
    transport: tuple[str, ...] = TCP,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[RunningServer]:
    """A server of the demo model with its files under ``home``, forked from one that has loaded everything."""
    nursery = importlib.import_module("tests.faults.nursery").the_nursery()
    log = home / "stderr.log"
    log.unlink(missing_ok=True)
    async with nursery.life(home, *options, transport=transport, environ=environ) as life:
        yield RunningServer(life, life.url, life.token, home, log)


@asynccontextmanager
async def fresh_server(
    home: Path,
    *options: str,
    module: str = "server",
    transport: tuple[str, ...] = TCP,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[RunningServer]:
    """The same in a process that begins with nothing loaded, as people start it; ``module`` may be a plant."""
    log = home / "stderr.log"
    home.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, "--model", "demo", *transport, *options,
            stdout=asyncio.subprocess.PIPE, stderr=stderr, stdin=asyncio.subprocess.DEVNULL,
            env=environment(home, **(environ or {})), cwd=home,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = await process.stdout.readline()
        assert line, log.read_text(encoding="utf-8")
        ready = json.loads(line)
        assert ready["event"] == "ready", ready
        token = await asyncio.to_thread(Path(ready["token_file"]).read_text, encoding="ascii")
        yield RunningServer(process, ready["url"], token.strip(), home, log)
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(15):
                await process.wait()
