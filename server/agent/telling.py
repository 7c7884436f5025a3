"""What of ADK's events a tab is told, and the tokens counted on the way."""

from __future__ import annotations

from collections.abc import Iterator

from google.adk.events.event import Event

from server.agent.token_usage import token_usage
from server.context import TurnContext
from shared.frames import AgentSaid, AgentThought, UsageChanged

Update = AgentSaid | AgentThought | UsageChanged


class Telling:
    """What of ADK's events the tab is told."""

    def __init__(self, turn: TurnContext, size: int) -> None:
        """``size`` is the model's context size in tokens."""
        self.error_code: str | None = None
        self.error_message = ""
        self._turn = turn
        self._size = size
        self._is_streamed = False

    def updates(self, event: Event) -> Iterator[Update]:
        """What ``event`` says; its tokens are counted."""
        if event.partial or not self._is_streamed:
            yield from self._words(event)
        if event.partial:
            return
        self._is_streamed = False
        self.error_code, self.error_message = event.error_code, event.error_message or ""
        if event.usage_metadata is not None:
            used = token_usage(event.usage_metadata)
            self._turn.count(used)
            yield UsageChanged(used.total, self._size, self._turn.session.usage, self._turn.spending.person.ever)

    def _words(self, event: Event) -> Iterator[Update]:
        parts = event.content.parts if event.content is not None and event.content.parts else []
        for part in parts:
            if part.text:
                self._is_streamed = True
                yield AgentThought(part.text) if part.thought else AgentSaid(part.text)
