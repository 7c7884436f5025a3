"""What of ADK's events a tab is told, and the tokens counted on the way."""

from __future__ import annotations

from collections.abc import Iterator

from google.adk.events.event import Event

from server.agent.token_usage import token_usage
from server.context import TurnContext
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, UsageChanged

Update = AgentSaid | AgentThought | AnswerRestarted | UsageChanged


class Telling:
    """What of ADK's events the tab is told."""

    def __init__(self, turn: TurnContext, size: int) -> None:
        """``size`` is the model's context size in tokens.

        ``failure`` is the error code and message with which the run ended, as far as it has come.
        """
        self.failure: tuple[str, str] | None = None
        self._turn = turn
        self._size = size
        self._is_streamed = False

    def updates(self, event: Event) -> Iterator[Update]:
        """What ``event`` says; its tokens are counted."""
        if event.partial or not self._is_streamed:
            for piece in words(event):
                self._is_streamed = True
                yield piece
        if event.partial:
            return
        self._is_streamed = False
        if event.content or event.error_code:
            # The last event only marks the run's end; what came before it says how it ended.
            self.failure = (event.error_code, event.error_message or "") if event.error_code else None
        if event.usage_metadata is not None:
            used = token_usage(event.usage_metadata)
            self._turn.count(used)
            yield UsageChanged(used.total, self._size, self._turn.session.usage, self._turn.spending.person.ever)


def words(event: Event) -> Iterator[AgentSaid | AgentThought]:
    """The words and thoughts in one event, in order."""
    parts = event.content.parts if event.content is not None and event.content.parts else []
    for part in parts:
        if part.text:
            yield AgentThought(part.text) if part.thought else AgentSaid(part.text)
