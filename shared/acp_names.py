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
"""In ``session/request_permission``: ``{id, name, risk, argumentsHash, expiresAt, expiresIn, editable, askedBy}``.

``expiresAt`` is ISO 8601 in UTC; ``expiresIn`` is in seconds and does not depend on the two clocks agreeing.
``askedBy`` is not empty for a question that the person sent here from another device, of that label: its session is
not held here.
"""

META_TOOL_NAME = "ringback/toolName"
"""In ``tool_call``: the tool's name; ACP itself only has a title."""

META_CLAIM = "ringback/claim"
"""In ``_ringback/tool/call``: the id of this one run; a request for the same run, sent again, has the same."""

META_LEASE_SECRET = "ringback/leaseSecret"  # noqa: S105  (the name of a key)
"""In the answers to ``session/new``, ``session/load`` and ``session/resume``: what takes the conversation back.

In a client's ``session/load`` or ``session/resume``: the one that it was given last.
"""

META_EPOCH = "ringback/epoch"
"""In the same answers: the number of the lease. Each change of holder raises it."""

META_LAST_SEQ = "ringback/lastSeq"
"""In ``session/resume``: the number of the last update that the client has. What came after it is replayed."""

META_REPLAY = "ringback/replay"
"""In the answer to ``session/resume``: ``complete``, or ``gap`` when the client is to load it all anew."""

META_TAKE_OVER = "ringback/takeOver"
"""``true`` in ``session/load`` and ``session/resume``: take the conversation from whoever holds it."""

META_HOLDER = "ringback/holder"
"""In ``session/list``, and as ``data`` of the error -32010: ``{id, label, kind}``, the device that holds it."""

META_ASK_DEVICE = "ringback/askDevice"
"""In the answer to an approval: the id of another connection of the person's, which is to be asked instead."""

META_ARGUMENTS = "ringback/arguments"
"""In the answer to an approval that is ``editable``: the arguments as the person wants them."""

META_REASON = "ringback/reason"
"""In the answer to an approval: why not, in the person's words, for the model."""

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
"""Request to the server, ``{confirm: true}`` → ``{success, message}``: forget the person's chats, state and grants."""

METHOD_WAS_RESET = "ringback/wasReset"
"""Notification to each of the person's tabs, ``{message}``. Updates are numbered from 1 again."""

METHOD_METRICS = "ringback/metrics"
"""Request to the server, ``{}`` → ``{text}``: its counters in Prometheus' text format."""

METHOD_GRANTS_LIST = "ringback/grants/list"
"""Request to the server, ``{skip?: number}`` → ``{grants, left}``: what the person lets run unasked, oldest first.

Each is ``{id, tool, arguments, device: {id, label}, createdAt, expiresAt}``. ``left`` is how many more there are, which
did not fit. Times are ISO 8601 in UTC, here and in the log.
"""

METHOD_GRANTS_REVOKE = "ringback/grants/revoke"
"""Request to the server, ``{id}`` or ``{all: true}`` → ``{revoked: number}``. An id that is not theirs: -32021."""

METHOD_GRANTS_LOG = "ringback/grants/log"
"""Request to the server, ``{last?: 1 to 1000}`` → ``{entries}``, oldest first: what was decided about calls.

Each is ``{at, sessionId, toolCallId, tool, argumentsHash, decision, device: {id, label}, connection}``.
"""

METHOD_TOOL_CALL = "ringback/tool/call"
"""Request to the tab, ``{sessionId, toolCallId, name, arguments, epoch}`` → ``{result}`` or ``{error}``."""

METHOD_APPROVAL_WITHDRAWN = "ringback/approval/withdrawn"
"""Notification to the tab, ``{sessionId, toolCallId, reason}``."""

METHOD_ANSWER_RESTARTED = "ringback/answer/restarted"
"""Notification to the tab, ``{sessionId, said, thought, seq}``. Part of the sequence.

The turn was stopped while the agent spoke and went on: of the turn's answer the first ``said`` characters stand, of its
thinking the first ``thought``, and what was told after them is void.
"""

METHOD_MOVED = "ringback/session/moved"
"""Notification to the tab that held a conversation, ``{sessionId, epoch, holder: {id, label, kind}}``."""

METHOD_HANDOFF = "ringback/session/handoff"
"""Request to the server, ``{sessionId, to?: connection id}`` → ``{code, expiresIn}``.

The code lets one other tab of the person's take the conversation, once. The connection ``to`` is told it at once.
"""

METHOD_HANDED = "ringback/session/handed"
"""Notification to the tab that a conversation is handed to, ``{sessionId, code, from: {id, label, kind}}``."""

METHOD_REDEEM = "ringback/session/redeem"
"""Request to the server, ``{code, cwd}`` → ``{sessionId}`` and what ``session/resume`` answers.

All updates are replayed after the answer.
"""

METHOD_DEVICES_LIST = "ringback/devices/list"
"""Request to the server, ``{}`` → ``{devices: [{connection, id, label, kind, tools: [name], isSelf}]}``."""

METHOD_DEVICES_CHANGED = "ringback/devices/changed"
"""Notification to the tab, ``{}``: another tab of the person's came or went."""

METHOD_TURN_ENDED = "ringback/turn/ended"
"""Notification to the tab, ``{sessionId, messageId, stopReason, error?, seq}``. Part of the sequence."""

HEADER_CONNECTION_ID = "Acp-Connection-Id"
"""In the 101 answer: the connection's signature."""

PATH = "/acp"
"""Where the WebSocket is."""

METRICS_PATH = "/metrics"
"""Where the counters are, for a plain GET."""
