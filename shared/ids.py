"""The ids that travel, and how a session's id is made."""

from __future__ import annotations

from typing import NewType

ConnectionSignature = NewType("ConnectionSignature", str)
"""UUID v4 of one WebSocket, made once when it is accepted and sent back as ``Acp-Connection-Id``."""

SessionId = NewType("SessionId", str)
"""One conversation; see :func:`session_id`."""

ToolCallId = NewType("ToolCallId", str)
"""One call of one tool, as the model named it (ADK's ``function_call_id``)."""

ClaimId = NewType("ClaimId", str)
"""One claim of one call: the leave to run it once. Whoever runs it never runs what has the same id again."""

MessageId = NewType("MessageId", str)
"""One message of the person, named by the client so that a repeat can be recognised."""

UserId = NewType("UserId", str)
TenantId = NewType("TenantId", str)

MAX_USER_ID = 64
"""Longest user id in characters: ADK keeps at most 128 for a session id, which also holds the signature."""

MAX_TENANT = 64
"""Longest name of a tenant in characters."""


def session_id(user_id: UserId, signature: ConnectionSignature, ordinal: int = 1) -> SessionId:
    """The id of the ``ordinal``-th session begun on a connection; the same arguments give the same id.

    Raises:
        ValueError: if ``ordinal`` is below 1.
    """
    if ordinal < 1:
        raise ValueError(f"a connection's sessions are counted from 1, not {ordinal}")
    name = f"session_{user_id}_{signature}"
    return SessionId(name if ordinal == 1 else f"{name}-{ordinal}")
