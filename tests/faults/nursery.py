"""Server processes in a fraction of a second: forked from one that has loaded all that a server loads.

Each is a process of its own that runs the real ``main`` from its first line; only its modules are loaded already.
With ``python -m`` this is the one that they are forked from.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from tests.journeys.server_process import ROOT, TCP, environment

STARTING = 30.0
STOPPING = 15.0
LOADED = (
    "server.bootstrap",
    "server.gateway.connection",
    "server.gateway.hall",
    "server.storage.schema",
    "server.storage.sql_grants",
    "server.storage.sql_keys",
    "server.storage.sql_state",
    "server.storage.sql_conversations",
    "server.storage.sql_usage",
    "server.agent.runner",
    "server.agent.own_tool",
    "server.own_tools",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "tests.faults.dying_server",
    "tests.faults.paying",
)
DIE_WITH_PARENT = 1


class Life:
    """One server process, from its start to its death."""

    def __init__(self, home: Path, pid: int) -> None:
        self.home = home
        self.pid = pid
        self.url = ""
        self.token = ""
        self.died = asyncio.Event()
        self._handle = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._handle, self._see_its_end)

    @property
    def is_over(self) -> bool:
        """Whether the process is gone."""
        return self.died.is_set()

    @property
    def database(self) -> Path:
        """Where everything is kept."""
        return self.home / "data" / "ringback.db"

    @property
    def log(self) -> str:
        """What all servers of this home wrote to stderr."""
        return (self.home / "stderr.log").read_text(encoding="utf-8")

    async def ready(self) -> bool:
        """Wait until it answers; ``False`` if it dies before."""
        ready = self.home / f"ready.{self.pid}"
        async with asyncio.timeout(STARTING):
            while not self.is_over:
                text = ready.read_text(encoding="utf-8") if ready.exists() else ""
                if text.endswith("\n"):
                    line = json.loads(text)
                    self.token = Path(line["token_file"]).read_text(encoding="ascii").strip()
                    self.url = line["url"]
                    return True
                await asyncio.sleep(0.005)
        return False

    @property
    def returncode(self) -> int | None:
        """How it ended, as a process of ``asyncio`` says it; ``None`` while it lives."""
        exited = self.home / f"exit.{self.pid}"
        text = exited.read_text(encoding="ascii") if exited.exists() else ""
        return int(text) if text.endswith("\n") else None

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing happens if it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """``kill -9``."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end, and say how it ended."""
        await self.died.wait()
        async with asyncio.timeout(STARTING):
            while (code := self.returncode) is None:
                await asyncio.sleep(0.005)
        return code

    async def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        self.terminate()
        async with asyncio.timeout(STOPPING):
            await self.died.wait()

    async def over(self) -> None:
        """Wait for its end."""
        async with asyncio.timeout(STARTING):
            await self.died.wait()

    def _see_its_end(self) -> None:
        if not self.is_over:
            self.died.set()
            asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)


class Nursery:
    """The process that has everything loaded."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(
        self,
        home: Path,
        *options: str,
        transport: tuple[str, ...] = TCP,
        faults: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Life:
        """A server of the demo model with its files under ``home``; it is about to start."""
        home.mkdir(parents=True, exist_ok=True)
        asked = {
            "home": str(home),
            "argv": ["--model", "demo", *transport, *options],
            "environ": environment(home, **{"FAULTS": json.dumps(faults or {}), **(environ or {})}),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Life(home, int(self._process.stdout.readline()))

    @asynccontextmanager
    async def life(
        self,
        home: Path,
        *options: str,
        transport: tuple[str, ...] = TCP,
        faults: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Life]:
        """A server that is ready; told to stop at the end, if it still lives."""
        life = self.begin(home, *options, transport=transport, faults=faults, environ=environ)
        try:
            assert await life.ready(), life.log
            yield life
        finally:
            try:
                if not life.is_over:
                    await life.stop()
            finally:
                life.kill()
                await life.over()


@contextmanager
def open_nursery() -> Iterator[Nursery]:
    """A nursery; its servers die with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        yield Nursery(process)
        process.stdin.close()


@cache
def the_nursery() -> Nursery:
    """One for this process, to its end."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_nursery())


# --- in the process that they are forked from ----------------------------------------------------------------


def _load() -> None:
    for name in LOADED:
        importlib.import_module(name)
    importlib.import_module("server.agent.warm_up").warm_up()
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1, "a fork would lose threads"


def _be_a_server(asked: dict[str, Any]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    home = Path(asked["home"])
    for descriptor, path, how in (
        (0, Path(os.devnull), os.O_RDONLY),
        (1, home / f"ready.{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, home / "stderr.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, how, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(home)
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.argv = ["server", *asked["argv"]]
    importlib.import_module("tests.faults.dying_server").run()
    raise AssertionError("a server's main does not return")


class _Children:
    """Notes beside each server's files how it ended."""

    def __init__(self) -> None:
        self._homes: dict[int, Path] = {}
        self._codes: dict[int, int] = {}
        signal.signal(signal.SIGCHLD, lambda *_: self._reap())

    def add(self, pid: int, home: Path) -> None:
        """It may have ended already."""
        self._homes[pid] = home
        self._note()

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self._codes[found[0]] = os.waitstatus_to_exitcode(found[1])
        self._note()

    def _note(self) -> None:
        for pid in list(self._codes):
            if pid in self._homes:
                with suppress(OSError):
                    (self._homes.pop(pid) / f"exit.{pid}").write_text(f"{self._codes.pop(pid)}\n", encoding="ascii")


def _serve() -> None:
    _load()
    children = _Children()
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                _be_a_server(asked)
            except SystemExit as end:
                os._exit(end.code if isinstance(end.code, int) else 0)
            finally:
                os._exit(1)
        children.add(child, Path(asked["home"]))
        print(child, flush=True)


if __name__ == "__main__":
    _serve()
