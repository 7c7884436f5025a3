"""Brings the heavy rooms of a server behind the scenes: the storage, the agent, the counters."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.agent.models.demo_commands import COMMANDS
from server.agent_loader import LoadingAgent
from server.context import Workers
from server.core.model_choice import choose_model
from server.core.policy import RESERVED
from server.loading import Loading
from server.log import say
from server.ports import Agent, GrantStore, Stores
from server.process.garbage import keep_what_is_loaded
from server.process.settings import ServerSettings
from server.state.store import StateStore
from server.storage.database_file import DatabaseState
from shared.catalog import FRONTEND_TOOLS
from shared.errors import RingbackError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from server.async_tool import AsyncBaseTool
    from server.ports import KeyStore

logger = logging.getLogger(__name__)

LAST_WRITES = 5.0
"""How long what was put into the ledger may take to be written when the server stops, in seconds."""


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """The database of a server, and what is to be done with it before it is used."""

    path: Path
    state: DatabaseState


class Rooms:
    """Each is brought once. ``notice`` tells all people a sentence."""

    def __init__(
        self,
        settings: ServerSettings,
        database: DatabaseFile,
        tools: Collection[type[AsyncBaseTool]],
        workers: Workers,
        notice: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._tools = tools
        self._workers = workers
        self._notice = notice
        self._engine: Loading[AsyncEngine] = Loading("the database", self._bring_engine)
        self._redis: Any = None
        self.stores = Loading("the storage", self._bring_stores)
        self.keys: Loading[KeyStore] = Loading("the API keys", self._bring_keys)
        model = choose_model(settings.model, settings.environ)
        commands = COMMANDS if model.scripted else ()
        self.agent = LoadingAgent(model=model, commands=commands, load=self._load_agent)

    async def close(self) -> None:
        """Close what was opened."""
        if self._redis is not None:
            await self._redis.close()
        if self.stores.has_begun:
            with contextlib.suppress(RingbackError):
                await (await self.stores.get()).ledger.close(LAST_WRITES)
        if self._engine.has_begun:
            # What could not be opened need not be closed; it was told when it failed.
            with contextlib.suppress(RingbackError):
                await (await self._engine.get()).dispose()

    async def state(self) -> StateStore:
        """Where shared state is kept."""
        return (await self.stores.get()).state

    async def grants(self) -> GrantStore:
        """Where it is kept what people granted, and what was decided."""
        return (await self.stores.get()).grants

    # --- what brings them ---------------------------------------------------------------------------------

    async def _bring_engine(self) -> AsyncEngine:
        storage = await load("server.storage.engine")
        engine: AsyncEngine = storage.make_engine(storage.sqlite_url(self._database.path))
        if self._database.state is not DatabaseState.CURRENT:
            await (await load("server.storage.schema")).upgrade(engine)
        return engine

    async def _bring_keys(self) -> KeyStore:
        engine = await self._engine.get()
        keys: KeyStore = (await load("server.storage.sql_keys")).SqlKeys(engine)
        return keys

    async def _bring_stores(self) -> Stores:
        engine = await self._engine.get()
        sql_state = (await load("server.storage.sql_state")).SqlState(engine)
        return Stores(
            conversations=(await load("server.storage.sql_conversations")).SqlConversations(engine),
            ledger=(await load("server.storage.ledger")).SqlLedger(engine, notice=self._notice),
            usage=(await load("server.storage.sql_usage")).SqlUsage(engine),
            state=await self._before(sql_state),
            grants=(await load("server.storage.sql_grants")).SqlGrants(engine),
        )

    async def _before(self, database: StateStore) -> StateStore:
        if self._settings.redis is None:
            return database
        redis_state = await load("server.storage.redis_state")
        self._redis = await redis_state.open_redis_state(self._settings.redis.reveal(), database, self._notice)
        store: StateStore = self._redis
        return store

    async def _load_agent(self) -> Agent:
        begun = time.monotonic()
        # Loading makes a million objects and no garbage worth a search; searching would cost a quarter of the time.
        gc.disable()
        try:
            agent = await self._bring_agent()
        finally:
            gc.enable()
        keep_what_is_loaded()
        say(logger, "agent_loaded", model=agent.model.name, seconds=round(time.monotonic() - begun, 3))
        return agent

    async def _bring_agent(self) -> Agent:
        await load("server.gateway.connection")
        self.stores.begin()
        engine = await self._engine.get()
        runner = await load("server.agent.runner")
        own_tool = await load("server.agent.own_tool")
        history = (await load("server.agent.history")).WindowedHistory(db_engine=engine)
        await (await load("server.storage.adk_tables")).clear_half_made(engine)
        await history.prepare_tables()
        agent: Agent = runner.AdkAgent(
            session_service=history,
            model_name=self.agent.model.name,
            own_tools=[own_tool.OwnTool(tool, self._workers) for tool in self._tools],
            max_tool_threads=self._settings.workers_tool,
        )
        await asyncio.to_thread((await load("server.agent.warm_up")).warm_up)
        return agent


def own_tools(paths: tuple[str, ...]) -> Mapping[str, type[AsyncBaseTool]]:
    """People's own tools, by their names. Without any, nothing is loaded.

    Raises:
        UsageError: if one cannot be used; the sentence says which and why.
    """
    if not paths:
        return {}
    loader = importlib.import_module("server.own_tools")
    taken = {*RESERVED, *(spec.name for spec in FRONTEND_TOOLS)}
    tools: Mapping[str, type[AsyncBaseTool]] = loader.load_own_tools(paths, taken)
    return tools


async def load(name: str) -> Any:  # noqa: ANN401  (a module)
    """A heavy module, imported in a thread: the tabs that are there already do not wait for it."""
    return await asyncio.to_thread(importlib.import_module, name)
