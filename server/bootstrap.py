"""Ties the rooms together: the one place that knows them all, and the life of a server from lock to last word."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from server.bus.local_changes import LocalChanges
from server.context import start_workers
from server.conversations.handoffs import Handoffs
from server.conversations.reset import Reset
from server.conversations.services import Services
from server.conversations.sessions import SessionManager
from server.core.identity import Identity
from server.core.idle import Idle
from server.core.policy import RESERVED
from server.entrance import make_entrance
from server.gateway.line import Line
from server.gateway.listener import Entrance, Listener
from server.gauges import gauges, totals
from server.loading import Loading
from server.log import say
from server.metrics.measures import Measures
from server.process import clock, event_loop
from server.process.data_lock import held
from server.process.garbage import collect_when_quiet
from server.process.policy_file import read_policy
from server.process.private_files import own_folder
from server.process.settings import ServerSettings
from server.reach import check_reach
from server.recovery import go_on
from server.rooms import DatabaseFile, Rooms, load, own_tools
from server.spending import UsageBook
from server.state.shared_state import SharedStates
from server.storage.database_file import inspect_file
from server.tabs.audience import Audience
from server.tabs.tab import Tab
from server.upkeep import keep_up
from shared.folders import token_file
from shared.ids import ConnectionSignature
from shared.news import Notice

if TYPE_CHECKING:
    from server.metrics.telemetry import Telemetry

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
        UsageError: if a setting asks for what is not there.
    """
    own_folder(settings.data_dir)
    with held(settings.data_dir):
        path = settings.data_dir / "ringback.db"
        database = DatabaseFile(path, inspect_file(path))
        check_reach(settings, path)
        server = _Server(settings, database)
        event_loop.run(server.run(make_entrance(settings, server.rooms.keys.get), announce))


class _Server:
    """One running server."""

    def __init__(self, settings: ServerSettings, database: DatabaseFile) -> None:
        self._settings = settings
        self._workers = start_workers(agent=settings.workers_agent, tool=settings.workers_tool)
        # What people wrote themselves is looked at before anybody is let in: an error in it ends the start.
        tools = own_tools(settings.tools)
        self._reserved = RESERVED | tools.keys()
        policy = read_policy(settings.policy_file, must_exist=settings.has_policy)
        if policy:
            say(logger, "policy_read", file=str(settings.policy_file), rules=len(policy))
        changes = LocalChanges()
        self._audience = Audience(changes)
        self.rooms = Rooms(
            settings, database, tools.values(), self._workers, lambda text: self._audience.tell_all(Notice(text))
        )
        self._measures = Measures()
        states = SharedStates(self.rooms.state, changes)
        self._services = Services(
            agent=self.rooms.agent,
            stores=self.rooms.stores,
            states=states,
            book=UsageBook(settings.budgets),
            measures=self._measures,
            approval_timeout=settings.approval_timeout,
            call_timeout=settings.call_timeout,
            clock=clock.now,
            find_tab=self._find_tab,
            doze_after=settings.doze_after,
            policy=policy,
            grant_lifetime=settings.grant_lifetime,
        )
        self._handoffs = Handoffs(clock.now)
        self._sessions = SessionManager(self._services, idle_time=settings.idle_time)
        self._telemetry: Loading[Telemetry] = Loading("the counters", self._bring_telemetry)
        self._listener = Listener(self._talk, self._metrics)

    async def run(self, entrance: Entrance, announce: Callable[[Ready], None]) -> None:
        """Answer at the entrance until the end."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        loop.set_default_executor(self._workers.agent)
        await self._listener.listen(entrance)
        ready = Ready(entrance.url, token_file(self._settings.data_dir), os.getpid())
        say(logger, "server_ready", url=ready.url, pid=ready.pid, model=self.rooms.agent.model.name)
        announce(ready)
        self.rooms.agent.begin()
        upkeep = [
            asyncio.create_task(
                keep_up(self._sessions, self.rooms.stores, idle_time=self._settings.idle_time), name="upkeep"
            ),
            asyncio.create_task(go_on(self._sessions, self.rooms.stores, clock.now), name="recovery"),
            asyncio.create_task(collect_when_quiet(lambda: self._sessions.running_turns == 0), name="garbage"),
        ]
        try:
            await self._until_over(stop)
        finally:
            for task in upkeep:
                task.cancel()
            await self._stop()

    async def _talk(self, line: Line) -> None:
        # Loaded behind the scenes as well: ACP's schema takes longer to load than all that is needed to listen.
        connection = await load("server.gateway.connection")
        hall = (await load("server.gateway.hall")).Hall(
            sessions=self._sessions,
            handoffs=self._handoffs,
            reset=Reset(self._sessions, self._services, self._audience),
            states=self._services.states,
            audience=self._audience,
            model=self.rooms.agent.model,
            version=version("ringback"),
            tenants=self._settings.tenants,
            reserved=self._reserved,
            metrics=self._metrics,
            grants=self.rooms.grants,
            messages=self._settings.door.messages,
        )
        await connection.talk(line, hall)

    def _find_tab(self, identity: Identity, signature: ConnectionSignature) -> Tab | None:
        found = self._audience.find(identity, signature)
        return None if found is None else found.tab

    async def _metrics(self) -> str:
        return (await self._telemetry.get()).text()

    async def _bring_telemetry(self) -> Telemetry:
        connected = lambda: self._listener.connections  # noqa: E731  (read again and again)
        telemetry: Telemetry = (await load("server.metrics.telemetry")).Telemetry(
            gauges=gauges(self._sessions, connected), totals=totals(self._sessions)
        )
        self._measures.connect(telemetry)
        return telemetry

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
        await self.rooms.close()
        self._workers.close()
        say(logger, "server_stopped")
