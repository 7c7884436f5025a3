"""What a conversation that is not in memory must know again when its next message comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from server.core.policy import PolicyAnswers
from shared.ids import ConnectionSignature, MessageId
from shared.json_types import JsonObject
from shared.todos import Todo
from shared.usage import TokenUsage

MAX_SEEN = 512
"""How many of the latest message ids are kept, to recognise a repeat."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A conversation at rest. Times are in UTC; ``seq`` is the last update's number."""

    run_id: str
    client_identifier: ConnectionSignature
    created_at: datetime
    last_activity: datetime
    seq: int = 0
    seen: tuple[MessageId, ...] = ()
    answers: PolicyAnswers = field(default_factory=PolicyAnswers)
    state: JsonObject = field(default_factory=dict)
    usage: TokenUsage = field(default_factory=TokenUsage)
    todos: tuple[Todo, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """What one turn used, for the books. ``ended_at`` is in UTC."""

    message_id: MessageId
    model: str
    tokens: TokenUsage
    ended_at: datetime
