"""One message's run as ADK stored it: found by the message's id, and read for where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from google.adk.events.event import Event

from server.agent.telling import words
from server.agent.token_usage import token_usage
from server.context.turn_context import Told
from shared.frames import AgentSaid
from shared.ids import MessageId
from shared.usage import TokenUsage

MESSAGE_ID_KEY = "ringback/messageId"
"""Under this key of their ``custom_metadata``, all events of a turn name the person's message."""

_ABORTED = "INVOCATION_ABORTED"
"""The error code of the events by which ADK seals a cancelled run."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What ADK stored of one turn so far, oldest first; the person's message is among it."""

    id: str
    events: Sequence[Event]

    @property
    def told(self) -> Told:
        """What a tab was told that was told all of it."""
        pieces = [piece for event in self.events if event.author != "user" for piece in words(event)]
        return Told(
            said="".join(piece.text for piece in pieces if isinstance(piece, AgentSaid)),
            thought="".join(piece.text for piece in pieces if not isinstance(piece, AgentSaid)),
        )

    @property
    def used(self) -> TokenUsage:
        """What its calls of the model used."""
        told = (event.usage_metadata for event in self.events)
        return sum((token_usage(one) for one in told if one is not None), TokenUsage())

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do. ADK would ask the model again, and have two answers."""
        last = self._last
        is_ended = any(event.actions.end_of_agent or event.error_code == _ABORTED for event in self.events)
        return is_ended or (last is not None and last.author != "user" and last.is_final_response())

    @property
    def failure(self) -> tuple[str, str] | None:
        """The error code and message that it ended with; a cancelled run did not fail."""
        last = self._last
        if last is None or last.error_code is None or last.error_code == _ABORTED:
            return None
        return last.error_code, last.error_message or ""

    @property
    def _last(self) -> Event | None:
        """The last event that says anything: the mark of a run's end does not."""
        return next((event for event in reversed(self.events) if event.content or event.error_code), None)


def find_invocation(events: Sequence[Event], message_id: MessageId) -> Invocation | None:
    """The run of the message; ``None`` if ADK never stored the message."""
    for event in reversed(events):
        if event.author == "user" and (event.custom_metadata or {}).get(MESSAGE_ID_KEY) == message_id:
            own = [other for other in events if other.invocation_id == event.invocation_id]
            return Invocation(event.invocation_id, own)
    return None


def results_of(events: Sequence[Event], invocation_id: str, call_id: str) -> int:
    """How many results of calls of this id the run holds: models may repeat their ids."""
    own = (event for event in events if event.invocation_id == invocation_id)
    return sum(response.id == call_id for event in own for response in event.get_function_responses())
