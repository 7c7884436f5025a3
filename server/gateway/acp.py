"""What is said to a client, in ACP's words: our frames in, the params of ACP's methods out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

from acp import schema
from acp.meta import CLIENT_METHODS
from pydantic import BaseModel

from server.core.identity import Identity
from server.gateway.acp_updates import as_text, session_update, text_content
from shared.acp_names import (
    META_APPROVAL,
    META_CLAIM,
    META_EPOCH,
    META_IDENTITY,
    META_LEASE_SECRET,
    META_MODEL,
    META_SEQ,
    METHOD_ANSWER_RESTARTED,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_TOOL_CALL,
    METHOD_TURN_ENDED,
)
from shared.frames import (
    AnswerRestarted,
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

OptionKind: TypeAlias = Literal["allow_once", "allow_always", "reject_once", "reject_always"]
OPTIONS: Mapping[Choice, tuple[OptionKind, str]] = MappingProxyType(
    {
        Choice.ALLOW_ONCE: ("allow_once", "Allow once"),
        Choice.ALLOW_EXACT: ("allow_always", "Always allow exactly these arguments in this folder on this device"),
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


def session_held(model: ModelInfo, secret: str, epoch: int) -> JsonObject:
    """What the answers to ``session/new``, ``load`` and ``resume`` carry in ``_meta``."""
    told: JsonObject = {"name": model.name, "label": model.label, "scripted": model.scripted}
    return {META_MODEL: told, META_LEASE_SECRET: secret, META_EPOCH: epoch}


def prompt_answered(stop_reason: StopReason) -> JsonObject:
    """The answer to ``session/prompt``."""
    return plain(schema.PromptResponse(stop_reason=stop_reason))


def update_message(session_id: SessionId, seq: int | None, update: Update) -> Message:
    """The notification for the ``seq``-th update, or for one that is none of them."""
    if isinstance(update, TurnEnded | AnswerRestarted):
        params = _turn_ended(update) if isinstance(update, TurnEnded) else _restarted(update)
        method = METHOD_TURN_ENDED if isinstance(update, TurnEnded) else METHOD_ANSWER_RESTARTED
        return Message(f"_{method}", {"sessionId": session_id, "seq": seq, **params})
    notification = schema.SessionNotification(session_id=session_id, update=session_update(update))
    if seq is not None:
        notification.field_meta = {META_SEQ: seq}
    return Message(CLIENT_METHODS["session_update"], plain(notification))


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
        "editable": True,
        "askedBy": approval.asked_by,
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
    return Message(CLIENT_METHODS["session_request_permission"], plain(request))


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
    return Message(CLIENT_METHODS["fs_read_text_file"], plain(request))


def _turn_ended(ended: TurnEnded) -> JsonObject:
    params: JsonObject = {"messageId": ended.message_id, "stopReason": ended.stop_reason}
    if ended.problem is not None:
        params["error"] = {"code": ended.problem.code, "message": ended.problem.message}
    return params


def _restarted(restarted: AnswerRestarted) -> JsonObject:
    return {"said": restarted.said, "thought": restarted.thought}


def _option(choice: Choice) -> schema.PermissionOption:
    kind, name = OPTIONS[choice]
    return schema.PermissionOption(option_id=choice.value, kind=kind, name=name)


def plain(model: BaseModel) -> JsonObject:
    """``model`` as it travels."""
    plain: JsonObject = model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    return plain
