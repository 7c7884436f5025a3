"""What Ringback adds to ACP, as the client says and reads it: see ``shared/acp_names.py``."""

from __future__ import annotations

import uuid
from typing import Any, Literal

import msgspec

from client.link.wire import Introduction
from shared.acp_names import META_CLAIM, META_DEVICE, META_TOOLS, METHOD_NOTICE, METHOD_STATE_CHANGED, METHOD_WAS_RESET
from shared.frames import ApprovalWithdrawn, ModelInfo, Problem, StopReason, ToolCalled, TurnEnded
from shared.ids import ClaimId, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.news import News, Notice, PersonReset, StateChanged

NEWS_METHODS = frozenset({METHOD_STATE_CHANGED, METHOD_NOTICE, METHOD_WAS_RESET})
"""The notifications that :func:`read_news` reads."""


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """The params of one of our extension methods."""


class _Error(_Wire, frozen=True):
    code: int
    message: str


class _Ended(_Wire, frozen=True):
    session_id: str
    message_id: str
    stop_reason: StopReason
    error: _Error | None = None
    seq: int | None = None


class _Withdrawn(_Wire, frozen=True):
    session_id: str
    tool_call_id: str
    reason: str


class _Called(_Wire, frozen=True):
    session_id: str
    tool_call_id: str
    name: str
    arguments: dict[str, Any]
    epoch: int = 1
    meta: dict[str, Any] = msgspec.field(default_factory=dict, name="_meta")


class _StateChanged(_Wire, frozen=True):
    change: Literal["stored", "deleted", "cleared", "many"]
    key: str | None = None
    field: str | None = None

    def __post_init__(self) -> None:
        if (self.key is None) != (self.change in {"cleared", "many"}):
            raise ValueError("a key was stored or deleted, or all of them were cleared, or many changed")


class _Message(_Wire, frozen=True):
    message: str


def about(introduction: Introduction) -> dict[str, Any]:
    """The ``_meta`` of the client's capabilities: its device and its tools."""
    device = introduction.device
    return {
        META_DEVICE: {"id": device.id, "label": device.label, "kind": device.kind},
        META_TOOLS: [
            {"name": spec.name, "description": spec.description, "inputSchema": spec.input_schema}
            for spec in introduction.tools
        ],
    }


def read_model(told: object, agent: str) -> ModelInfo:
    """The model that answers; a server that is not ours says no more than the name of its ``agent``."""
    try:
        return msgspec.convert(told, ModelInfo)
    except msgspec.ValidationError:
        return ModelInfo(name=agent, label=agent, scripted=False)


def read_turn_ended(params: JsonObject) -> tuple[int | None, TurnEnded]:
    """The update's number and the turn's end.

    Raises:
        msgspec.ValidationError: if the params have another shape.
    """
    told = msgspec.convert(params, _Ended)
    problem = None if told.error is None else Problem(told.error.code, told.error.message)
    return told.seq, TurnEnded(MessageId(told.message_id), told.stop_reason, problem)


def read_withdrawn(params: JsonObject) -> ApprovalWithdrawn:
    """The question that is taken back.

    Raises:
        msgspec.ValidationError: if the params have another shape.
    """
    told = msgspec.convert(params, _Withdrawn)
    return ApprovalWithdrawn(SessionId(told.session_id), ToolCallId(told.tool_call_id), told.reason)


def read_call(params: JsonObject) -> ToolCalled:
    """The frontend tool to run.

    Raises:
        msgspec.ValidationError: if the params have another shape.
    """
    told = msgspec.convert(params, _Called)
    # Of a server that names no claim each request is a run of its own: models do repeat their call ids.
    claim = ClaimId(str(told.meta.get(META_CLAIM) or uuid.uuid4()))
    session_id, call_id = SessionId(told.session_id), ToolCallId(told.tool_call_id)
    return ToolCalled(session_id, call_id, told.name, told.arguments, claim, told.epoch)


def read_news(method: str, params: JsonObject) -> News:
    """What one of :data:`NEWS_METHODS` tells.

    Raises:
        msgspec.ValidationError: if the params have another shape.
    """
    if method == METHOD_STATE_CHANGED:
        told = msgspec.convert(params, _StateChanged)
        return StateChanged(told.key, told.change, told.field)
    message = msgspec.convert(params, _Message).message
    return PersonReset(message) if method == METHOD_WAS_RESET else Notice(message)
