"""The session context: the one live object of a conversation, the same for every message."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from server.core.doom_loop import DoomLoop
from server.core.identity import Identity
from server.core.session_key import SessionKey
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject
from shared.todos import Todo
from shared.usage import TokenUsage


@dataclass(eq=False, slots=True, weakref_slot=True)
class SessionContext:
    """Made once for a conversation by ``SessionManager.get_or_create``, and found there again by every message.

    ``client_identifier`` is the signature of the connection that holds the conversation. ``run_id`` names the
    conversation in logs and traces for as long as it is kept. ``state`` is for tools that keep something for this
    conversation alone. ``is_begun`` says that the agent has a session of this id.
    """

    identity: Identity
    session_id: SessionId
    client_identifier: ConnectionSignature
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    last_activity: datetime = field(default_factory=lambda: datetime.now(UTC))
    active_at: float = field(default_factory=time.monotonic)
    state: JsonObject = field(default_factory=dict)
    todos: tuple[Todo, ...] = ()
    doom_loop: DoomLoop = field(default_factory=DoomLoop)
    usage: TokenUsage = field(default_factory=TokenUsage)
    is_begun: bool = False

    @property
    def key(self) -> SessionKey:
        """What the conversation is found by."""
        return SessionKey(self.identity, self.session_id)

    def update_activity(self) -> None:
        """Somebody used the conversation just now. Idle time is counted by the monotonic clock: clocks may jump."""
        self.last_activity = datetime.now(UTC)
        self.active_at = time.monotonic()

    def idle_for(self, now: float) -> float:
        """Seconds since it was used last, at the monotonic time ``now``."""
        return now - self.active_at
