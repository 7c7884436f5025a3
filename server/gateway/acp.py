"""What is said to a client, in ACP's words: our frames in, the params of ACP's methods out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

from acp import schema
from acp.meta import CLIENT_METHODS, PROTOCOL_VERSION
from pydantic import BaseModel

from server.core.identity import Identity
from server.gateway.acp_updates import as_text, session_update, text_content
from shared.acp_names import (
    META_APPROVAL,
    META_CLAIM,
    META_DEVICE,
    META_IDENTITY,
    META_MESSAGE_ID,
    META_MODEL,
    META_SEQ,
    META_TOOL_NAME,
    META_TOOLS,
    META_USAGE,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_METRICS,
    METHOD_NOTICE,
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
from shared.frames import (
    ApprovalAsked,
    ApprovalWithdrawn,
    Choice,
    ModelInfo,
    StopReason,
    ToolCalled,
    TurnEnded,
    Update,
)
from shared.ids import SessionId
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
)
"""What this server adds to ACP, as announced in its capabilities."""

OptionKind: TypeAlias = Literal["allow_once", "allow_always", "reject_once", "reject_always"]
OPTIONS: Mapping[Choice, tuple[OptionKind, str]] = MappingProxyType(
    {
        Choice.ALLOW_ONCE: ("allow_once", "Allow once"),
        Choice.ALLOW_EXACT: ("allow_always", "Always allow with exactly these arguments"),
        Choice.ALLOW_TOOL: ("allow_always", "Always allow this tool in this conversation"),
        Choice.REJECT_ONCE: ("reject_once", "Reject"),
        Choice.REJECT_TOOL: ("reject_always", "Always reject this tool in this conversation"),
    }
)


@dataclass(frozen=True, slots=True)
class Message:
    """A method of the client's, and what goes with it."""

    method: str
    params: JsonObject


def spoken_as(message: Message, acting: Identity | None) -> Message:
    """``message``, naming the person it is for if the connection acts for others."""
    if acting is None:
        return message
    who: JsonObject = {"tenant": acting.tenant, "userId": acting.user_id}
    meta = message.params.get("_meta")
    told: JsonObject = meta if isinstance(meta, dict) else {}
    return Message(message.method, {**message.params, "_meta": {**told, META_IDENTITY: who}})


def welcome(*, version: str) -> JsonObject:
    """The answer to ``initialize``."""
    return _plain(
        schema.InitializeResponse(
            protocol_version=PROTOCOL_VERSION,
            agent_info=schema.Implementation(name="ringback", title="Ringback", version=version),
            agent_capabilities=schema.AgentCapabilities(
                load_session=False,
                prompt_capabilities=schema.PromptCapabilities(image=False, audio=False, embedded_context=False),
                field_meta=dict.fromkeys(ADDITIONS, 1),
            ),
            auth_methods=[],
        )
    )


def session_opened(session_id: SessionId, model: ModelInfo) -> JsonObject:
    """The answer to ``session/new``."""
    told = {"name": model.name, "label": model.label, "scripted": model.scripted}
    return _plain(schema.NewSessionResponse(session_id=session_id, field_meta={META_MODEL: told}))


def prompt_answered(stop_reason: StopReason) -> JsonObject:
    """The answer to ``session/prompt``."""
    return _plain(schema.PromptResponse(stop_reason=stop_reason))


def update_message(session_id: SessionId, seq: int, update: Update) -> Message:
    """The notification for the ``seq``-th update; a turn's end is an addition of ours."""
    if isinstance(update, TurnEnded):
        return _turn_ended(session_id, seq, update)
    notification = schema.SessionNotification(
        session_id=session_id, update=session_update(update), field_meta={META_SEQ: seq}
    )
    return Message(CLIENT_METHODS["session_update"], _plain(notification))


def permission_request(approval: ApprovalAsked, now: datetime) -> Message:
    """The request that shows an approval; ``now`` is in UTC."""
    expires_at = now + timedelta(seconds=approval.expires_in)
    told = {
        "id": approval.call_id,
        "name": approval.name,
        "risk": approval.risk,
        "argumentsHash": approval.arguments_hash,
        "expiresAt": expires_at.isoformat(timespec="milliseconds"),
        "expiresIn": approval.expires_in,
        "editable": False,
    }
    request = schema.RequestPermissionRequest(
        session_id=approval.session_id,
        tool_call=schema.ToolCallUpdate(
            tool_call_id=approval.call_id,
            title=approval.title,
            kind=approval.kind,
            status="pending",
            raw_input=approval.arguments,
            # A client that does not know our additions still shows what may happen, and with what.
            content=[text_content(f"{approval.risk}\n\n{as_text(approval.arguments)}")],
        ),
        options=[_option(choice) for choice in approval.choices],
        field_meta={META_APPROVAL: told},
    )
    return Message(CLIENT_METHODS["session_request_permission"], _plain(request))


def withdrawal_message(withdrawal: ApprovalWithdrawn) -> Message:
    """The notification that a shown approval no longer counts."""
    params: JsonObject = {
        "sessionId": withdrawal.session_id,
        "toolCallId": withdrawal.call_id,
        "reason": withdrawal.reason,
    }
    return Message(f"_{METHOD_APPROVAL_WITHDRAWN}", params)


def tool_request(call: ToolCalled) -> Message:
    """The request to run a frontend tool."""
    params: JsonObject = {
        "sessionId": call.session_id,
        "toolCallId": call.call_id,
        "name": call.name,
        "arguments": call.arguments,
        "epoch": call.epoch,
        "_meta": {META_CLAIM: call.claim},
    }
    return Message(f"_{METHOD_TOOL_CALL}", params)


def file_request(session_id: SessionId, path: str, line: int | None, limit: int | None) -> Message:
    """The request to read a file where the client is; ``path`` is absolute there."""
    request = schema.ReadTextFileRequest(session_id=session_id, path=path, line=line, limit=limit)
    return Message(CLIENT_METHODS["fs_read_text_file"], _plain(request))


def _turn_ended(session_id: SessionId, seq: int, ended: TurnEnded) -> Message:
    params: JsonObject = {
        "sessionId": session_id,
        "messageId": ended.message_id,
        "stopReason": ended.stop_reason,
        "seq": seq,
    }
    if ended.problem is not None:
        params["error"] = {"code": ended.problem.code, "message": ended.problem.message}
    return Message(f"_{METHOD_TURN_ENDED}", params)


def _option(choice: Choice) -> schema.PermissionOption:
    kind, name = OPTIONS[choice]
    return schema.PermissionOption(option_id=choice.value, kind=kind, name=name)


def _plain(model: BaseModel) -> JsonObject:
    plain: JsonObject = model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    return plain
