"""The names of what Ringback adds to ACP: ``_meta`` keys and extension methods.

A standard ACP client works without knowing any of them.
"""

from __future__ import annotations

META_DEVICE = "ringback/device"
"""In ``initialize``, ``clientCapabilities._meta``: ``{id, label, kind}``."""

META_TOOLS = "ringback/tools"
"""In ``initialize``, ``clientCapabilities._meta``: frontend tools as ``[{name, description, inputSchema}]``."""

META_MODEL = "ringback/model"
"""In the answer to ``session/new``: ``{name, label, scripted}``."""

META_MESSAGE_ID = "ringback/messageId"
"""In ``session/prompt`` and in the ``user_message_chunk`` that acknowledges it."""

META_SEQ = "ringback/seq"
"""In every ``session/update``: the update's number in its session, from 1 without gaps."""

META_APPROVAL = "ringback/approval"
"""In ``session/request_permission``: ``{id, name, risk, argumentsHash, expiresAt, expiresIn, editable}``.

``expiresAt`` is ISO 8601 in UTC; ``expiresIn`` is in seconds and does not depend on the two clocks agreeing.
"""

META_TOOL_NAME = "ringback/toolName"
"""In ``tool_call``: the tool's name; ACP itself only has a title."""

METHOD_TOOL_CALL = "ringback/tool/call"
"""Request to the tab, ``{sessionId, toolCallId, name, arguments, epoch}`` → ``{result}`` or ``{error}``."""

METHOD_APPROVAL_WITHDRAWN = "ringback/approval/withdrawn"
"""Notification to the tab, ``{sessionId, toolCallId, reason}``."""

METHOD_TURN_ENDED = "ringback/turn/ended"
"""Notification to the tab, ``{sessionId, messageId, stopReason, error?, seq}``. Part of the sequence."""

HEADER_CONNECTION_ID = "Acp-Connection-Id"
"""In the 101 answer: the connection's signature."""

PATH = "/acp"
"""Where the WebSocket is."""
