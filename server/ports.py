"""What the rooms offer to a conversation: the agent that answers its turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from server.context import TurnContext
from shared.frames import AgentSaid, AgentThought, Command, ModelInfo, UsageChanged


class Agent(Protocol):
    """What answers a turn."""

    @property
    def model(self) -> ModelInfo:
        """Which model answers."""
        ...

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands that the agent understands, to be offered to the tab."""
        ...

    def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | UsageChanged]:
        """Answer ``turn.text``, piece by piece. Ends early and normally once ``turn.abort`` is set.

        ``turn.stored`` is awaited once the message is committed; tools are admitted and settled through
        ``turn.approvals``; frontend tools run through ``turn.delegate``.

        Raises:
            TurnFailedError: if the model or the storage failed; the sentence is for the person.
        """
        ...
