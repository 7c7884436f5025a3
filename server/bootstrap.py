"""Ties the rooms together: the one place that knows them all, and the life of a server from lock to last word."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import getpass
import importlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.agent.models.demo_commands import COMMANDS
from server.agent_loader import LoadingAgent
from server.context import Identity
from server.core.idle import Idle
from server.core.model_choice import choose_model
from server.data_lock import held
from server.gateway.door import DoorConfig, hosts_of, local_identity
from server.gateway.listener import Line, Listener, bind_tcp, bind_unix, url_of
from server.local_token import read_or_make_token
from server.log import say
from server.private_files import own_folder
from server.sessions import Sessions
from server.settings import ServerSettings, Tcp
from server.storage.database_file import DatabaseState, inspect_file
from shared.errors import StartError
from shared.folders import token_file

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from server.ports import Agent

logger = logging.getLogger(__name__)

DRAIN = 5.0
"""How long running turns may take to end when the server stops, in seconds."""

IDLE_CHECK = 0.5
"""How often an embedded server looks whether it is needed, in seconds."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Where a server answers, and where the token is that opens it."""

    url: str
    token_file: Path
    pid: int


def serve(settings: ServerSettings, announce: Callable[[Ready], None]) -> None:
    """Run a server until it is told to stop or, if embedded, nobody needs it; ``announce`` is called once it answers.

    Raises:
        HeldError: if another server uses the data folder.
        StartError: if it cannot start here; the sentence says why.
    """
    own_folder(settings.data_dir)
    with held(settings.data_dir):
        token = read_or_make_token(token_file(settings.data_dir))
        database = settings.data_dir / "ringback.db"
        state = inspect_file(database)
        holder = _holder()
        listening = _bind(settings)
        port = None if listening.family == socket.AF_UNIX else listening.getsockname()[1]
        door = DoorConfig(hosts=hosts_of(port), token=token, holder=holder)
        server = _Server(settings, database, state)
        asyncio.run(server.run(listening, door, announce))


class _Server:
    """One running server."""

    def __init__(self, settings: ServerSettings, database: Path, state: DatabaseState) -> None:
        self._settings = settings
        self._database = database
        self._state = state
        self._engine: AsyncEngine | None = None
        model = choose_model(settings.model, settings.environ)
        self._agent = LoadingAgent(model=model, commands=COMMANDS if model.scripted else (), load=self._load_agent)
        self._sessions = Sessions(
            agent=self._agent, approval_timeout=settings.approval_timeout, call_timeout=settings.call_timeout
        )
        self._listener = Listener(self._talk)

    async def run(self, listening: socket.socket, door: DoorConfig, announce: Callable[[Ready], None]) -> None:
        """Answer on ``listening`` until the end."""
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await self._listener.listen(listening, door)
        ready = Ready(url_of(listening), token_file(self._settings.data_dir), os.getpid())
        say(logger, "server_ready", url=ready.url, pid=ready.pid, model=self._agent.model.name)
        announce(ready)
        self._agent.begin()
        try:
            await self._until_over(stop)
        finally:
            await self._stop()

    async def _talk(self, line: Line) -> None:
        # Loaded behind the scenes as well: ACP's schema takes longer to load than all that is needed to listen.
        connection = await _load("server.gateway.connection")
        await connection.talk(line, connection.Hall(self._sessions, self._agent.model, version("ringback")))

    async def _load_agent(self) -> Agent:
        begun = time.monotonic()
        # Loading makes a million objects and no garbage worth a search; searching would cost a quarter of the time.
        gc.disable()
        try:
            agent = await self._bring_agent()
        finally:
            gc.enable()
        # What is loaded stays: without this, full collections stall a hundred busy tabs for 140 ms at a time.
        gc.collect()
        gc.freeze()
        say(logger, "agent_loaded", model=agent.model.name, seconds=round(time.monotonic() - begun, 3))
        return agent

    async def _bring_agent(self) -> Agent:
        await _load("server.gateway.connection")
        storage = await _load("server.storage.engine")
        engine: AsyncEngine = storage.make_engine(storage.sqlite_url(self._database))
        self._engine = engine
        if self._state is not DatabaseState.CURRENT:
            await (await _load("server.storage.schema")).upgrade(engine)
        runner = await _load("server.agent.runner")
        history = (await _load("server.agent.history")).WindowedHistory(db_engine=engine)
        await history.prepare_tables()
        agent: Agent = runner.AdkAgent(session_service=history, model_name=self._agent.model.name)
        await asyncio.to_thread((await _load("server.agent.warm_up")).warm_up)
        return agent

    async def _until_over(self, stop: asyncio.Event) -> None:
        settings = self._settings
        idle = Idle(settings.grace, settings.patience, since=time.monotonic())
        check_every = min(IDLE_CHECK, settings.grace / 4) if settings.embedded else None
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(check_every):
                    await stop.wait()
            clients, turns = self._listener.connections, self._sessions.running_turns
            if settings.embedded and idle.is_over(time.monotonic(), clients=clients, turns=turns):
                say(logger, "server_unneeded")
                return

    async def _stop(self) -> None:
        self._listener.stop_accepting()
        await self._sessions.close(DRAIN)
        await self._listener.close()
        if self._engine is not None:
            await self._engine.dispose()
        say(logger, "server_stopped")


async def _load(name: str) -> Any:  # noqa: ANN401  (a module)
    """A heavy module, imported in a thread: the tabs that are there already do not wait for it."""
    return await asyncio.to_thread(importlib.import_module, name)


def _bind(settings: ServerSettings) -> socket.socket:
    match settings.address:
        case Tcp(host, port):
            return bind_tcp(host, port)
        case Path() as path:
            return bind_unix(path)


def _holder() -> Identity:
    try:
        return local_identity(getpass.getuser())
    except (OSError, KeyError, ImportError):
        # An account without a name, as in some containers.
        return local_identity(f"user-{os.geteuid()}")
    except ValueError as error:
        raise StartError(f"The name of your account cannot be used: {error}.") from error
