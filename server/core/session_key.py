"""What a conversation is found by."""

from __future__ import annotations

from dataclasses import dataclass

from server.core.identity import Identity
from shared.ids import SessionId


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A person's session. The same session id under two people is two conversations."""

    identity: Identity
    session_id: SessionId
