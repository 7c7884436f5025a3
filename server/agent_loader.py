"""An agent that is there at once and loads behind the scenes: a turn begun early waits until it is ready."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from server.context import TurnContext
from server.ports import Agent
from shared.errors import RingbackError, TurnFailedError
from shared.frames import AgentSaid, AgentThought, Command, ModelInfo, UsageChanged

logger = logging.getLogger(__name__)


class LoadingAgent:
    """Satisfies ``server.ports.Agent``; ``load`` brings the one that answers."""

    def __init__(
        self, *, model: ModelInfo, commands: tuple[Command, ...], load: Callable[[], Awaitable[Agent]]
    ) -> None:
        self._model = model
        self._commands = commands
        self._load = load
        self._loading: asyncio.Task[Agent | RingbackError] | None = None

    @property
    def model(self) -> ModelInfo:
        """Which model answers."""
        return self._model

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands that the agent understands."""
        return self._commands

    def begin(self) -> None:
        """Begin to load; a second call changes nothing."""
        self._started()

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | UsageChanged]:
        """Answer ``turn.text`` once the agent is ready.

        Raises:
            TurnFailedError: if it could not be loaded, or fails.
        """
        loading = self._started()
        aborted = asyncio.create_task(turn.abort.wait())
        try:
            await asyncio.wait({loading, aborted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            aborted.cancel()
        if not loading.done():
            return
        agent = loading.result()
        if isinstance(agent, RingbackError):
            raise TurnFailedError(str(agent))
        async for update in agent.run(turn):
            yield update

    def _started(self) -> asyncio.Task[Agent | RingbackError]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._loaded(), name="load the agent")
        return self._loading

    async def _loaded(self) -> Agent | RingbackError:
        try:
            return await self._load()
        except RingbackError as error:
            logger.error("the agent cannot be loaded: %s", error)  # noqa: TRY400  (expected, and said in full)
            return error
        except Exception:
            logger.exception("a bug in loading the agent")
            return TurnFailedError("The agent could not be loaded; the log says more. Restart the server.")
