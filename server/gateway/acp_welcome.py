"""What this server says it is and can do."""

from __future__ import annotations

from acp import schema
from acp.meta import PROTOCOL_VERSION

from server.gateway.acp import plain
from shared.acp_names import (
    META_APPROVAL,
    META_ARGUMENTS,
    META_ASK_DEVICE,
    META_CLAIM,
    META_DEVICE,
    META_EPOCH,
    META_HOLDER,
    META_IDENTITY,
    META_LAST_SEQ,
    META_LEASE_SECRET,
    META_MESSAGE_ID,
    META_MODEL,
    META_REASON,
    META_REPLAY,
    META_SEQ,
    META_TAKE_OVER,
    META_TOOL_NAME,
    META_TOOLS,
    META_USAGE,
    METHOD_ANSWER_RESTARTED,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_DEVICES_CHANGED,
    METHOD_DEVICES_LIST,
    METHOD_GRANTS_LIST,
    METHOD_GRANTS_LOG,
    METHOD_GRANTS_REVOKE,
    METHOD_HANDED,
    METHOD_HANDOFF,
    METHOD_METRICS,
    METHOD_MOVED,
    METHOD_NOTICE,
    METHOD_REDEEM,
    METHOD_RESET,
    METHOD_STATE_CHANGED,
    METHOD_STATE_DELETE,
    METHOD_STATE_GET,
    METHOD_STATE_LIST,
    METHOD_STATE_SET,
    METHOD_TOOL_CALL,
    METHOD_TURN_ENDED,
    METHOD_WAS_RESET,
)
from shared.json_types import JsonObject

ADDITIONS = (
    META_DEVICE,
    META_TOOLS,
    META_MODEL,
    META_MESSAGE_ID,
    META_SEQ,
    META_APPROVAL,
    META_TOOL_NAME,
    META_IDENTITY,
    META_CLAIM,
    META_USAGE,
    METHOD_TOOL_CALL,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_TURN_ENDED,
    METHOD_STATE_LIST,
    METHOD_STATE_GET,
    METHOD_STATE_SET,
    METHOD_STATE_DELETE,
    METHOD_STATE_CHANGED,
    METHOD_NOTICE,
    METHOD_RESET,
    METHOD_WAS_RESET,
    METHOD_METRICS,
    META_LEASE_SECRET,
    META_EPOCH,
    META_LAST_SEQ,
    META_REPLAY,
    META_TAKE_OVER,
    META_HOLDER,
    META_ASK_DEVICE,
    META_ARGUMENTS,
    META_REASON,
    METHOD_ANSWER_RESTARTED,
    METHOD_MOVED,
    METHOD_HANDOFF,
    METHOD_HANDED,
    METHOD_REDEEM,
    METHOD_DEVICES_LIST,
    METHOD_DEVICES_CHANGED,
    METHOD_GRANTS_LIST,
    METHOD_GRANTS_REVOKE,
    METHOD_GRANTS_LOG,
)
"""What this server adds to ACP, as announced in its capabilities."""


def welcome(*, version: str) -> JsonObject:
    """The answer to ``initialize``."""
    return plain(
        schema.InitializeResponse(
            protocol_version=PROTOCOL_VERSION,
            agent_info=schema.Implementation(name="ringback", title="Ringback", version=version),
            agent_capabilities=schema.AgentCapabilities(
                load_session=True,
                session_capabilities=schema.SessionCapabilities(
                    resume=schema.SessionResumeCapabilities(), close=schema.SessionCloseCapabilities()
                ),
                prompt_capabilities=schema.PromptCapabilities(image=False, audio=False, embedded_context=False),
                field_meta=dict.fromkeys(ADDITIONS, 1),
            ),
            auth_methods=[],
        )
    )
