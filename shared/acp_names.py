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

META_CLAIM = "ringback/claim"
"""In ``_ringback/tool/call``: the id of this one run; a request for the same run, sent again, has the same."""

META_IDENTITY = "ringback/identity"
"""In ``session/new``, ``session/prompt`` and ``session/cancel``: ``{tenant, userId}``, the person who speaks.

Only a credential with the scope ``act-as`` may send it. What a conversation begun so says carries it as well.
"""

META_USAGE = "ringback/usage"
"""In ``usage_update``: ``{session, user}``, each ``{prompt, completion, total}`` in tokens."""

METHOD_STATE_LIST = "ringback/state/list"
"""Request to the server, ``{}`` → ``{keys: [str]}``: the names in the person's shared state, sorted."""

METHOD_STATE_GET = "ringback/state/get"
"""Request to the server, ``{key}`` → ``{data: object or null}``."""

METHOD_STATE_SET = "ringback/state/set"
"""Request to the server, ``{key, data: object, ttl?: seconds}`` → ``{stored: true}``; replaces what was there."""

METHOD_STATE_DELETE = "ringback/state/delete"
"""Request to the server, ``{key}`` → ``{deleted: 0 or 1}``."""

METHOD_STATE_CHANGED = "ringback/state/changed"
"""Notification to the tab, ``{key: str or null, change: stored, deleted or cleared}``: another one changed it."""

METHOD_NOTICE = "ringback/notice"
"""Notification to the tab, ``{message}``: a sentence for the person."""

METHOD_RESET = "ringback/reset"
"""Request to the server, ``{confirm: true}`` → ``{success, message}``: forget the person's conversations and state."""

METHOD_WAS_RESET = "ringback/wasReset"
"""Notification to each of the person's tabs, ``{message}``. Updates are numbered from 1 again."""

METHOD_METRICS = "ringback/metrics"
"""Request to the server, ``{}`` → ``{text}``: its counters in Prometheus' text format."""

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

METRICS_PATH = "/metrics"
"""Where the counters are, for a plain GET."""
