"""An agent that is there at once and loads behind the scenes: a turn begun early waits until it is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from server.context import TurnContext
from server.core.identity import Identity
from server.loading import Loading
from server.ports import Agent
from shared.errors import RingbackError, TurnFailedError
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, Command, ModelInfo, UsageChanged


class LoadingAgent:
    """Satisfies ``server.ports.Agent``; ``load`` brings the one that answers."""

    def __init__(
        self, *, model: ModelInfo, commands: tuple[Command, ...], load: Callable[[], Awaitable[Agent]]
    ) -> None:
        self._model = model
        self._commands = commands
        self._agent = Loading("the agent", load)

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
        self._agent.begin()

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | AnswerRestarted | UsageChanged]:
        """Answer ``turn.text``, or go on with it, once the agent is ready.

        Raises:
            TurnFailedError: if it could not be loaded, or fails.
        """
        try:
            agent = await self._agent.get_unless(turn.abort)
        except RingbackError as error:
            raise TurnFailedError(str(error)) from error
        if agent is not None:
            async for update in agent.run(turn):
                yield update

    async def forget(self, identity: Identity) -> int:
        """Delete every stored conversation of a person, once the agent is ready; the number deleted.

        Raises:
            RingbackError: if it could not be loaded, or the storage failed.
        """
        return await (await self._agent.get()).forget(identity)
