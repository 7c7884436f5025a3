"""What Ringback adds to ACP, as the client says and reads it: see ``shared/acp_names.py``."""

from __future__ import annotations

import uuid
from typing import Any, Literal

import msgspec

from client.link.wire import Introduction
from shared.acp_names import (
    META_CLAIM,
    META_DEVICE,
    META_HOLDER,
    META_TOOLS,
    METHOD_ANSWER_RESTARTED,
    METHOD_DEVICES_CHANGED,
    METHOD_HANDED,
    METHOD_NOTICE,
    METHOD_STATE_CHANGED,
    METHOD_TURN_ENDED,
    METHOD_WAS_RESET,
)
from shared.frames import (
    AnswerRestarted,
    ApprovalWithdrawn,
    Device,
    ModelInfo,
    Problem,
    StopReason,
    ToolCalled,
    TurnEnded,
    Update,
)
from shared.ids import ClaimId, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.news import DevicesChanged, HandedOver, News, Notice, PersonReset, StateChanged

NEWS_METHODS = frozenset({METHOD_STATE_CHANGED, METHOD_NOTICE, METHOD_WAS_RESET, METHOD_HANDED, METHOD_DEVICES_CHANGED})
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


class _Restarted(_Wire, frozen=True):
    said: int
    thought: int


class _Moved(_Wire, frozen=True):
    session_id: str
    epoch: int
    holder: Device


class _Handed(_Wire, frozen=True):
    session_id: str
    code: str
    giver: Device = msgspec.field(name="from")


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


def read_numbered(method: str, params: JsonObject) -> list[Update]:
    """What a notification that is part of the sequence says; empty for one that this client does not know.

    Raises:
        msgspec.ValidationError: if the params have another shape.
    """
    if method == METHOD_ANSWER_RESTARTED:
        restarted = msgspec.convert(params, _Restarted)
        return [AnswerRestarted(restarted.said, restarted.thought)]
    if method == METHOD_TURN_ENDED:
        ended = msgspec.convert(params, _Ended)
        problem = None if ended.error is None else Problem(ended.error.code, ended.error.message)
        return [TurnEnded(MessageId(ended.message_id), ended.stop_reason, problem)]
    return []


def read_moved(params: JsonObject) -> tuple[SessionId, int, Device]:
    """The conversation that is held elsewhere now, the number of that lease, and the device that has it.

    Raises:
        msgspec.ValidationError: if the params have another shape.
    """
    told = msgspec.convert(params, _Moved)
    return SessionId(told.session_id), told.epoch, told.holder


def read_holder(told: object) -> Device:
    """The device that an error -32010 names in its ``data``; a nameless one if it names none."""
    try:
        return msgspec.convert(told, dict[str, Device])[META_HOLDER]
    except (msgspec.ValidationError, KeyError):
        return Device("", "Another tab", "")


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
    if method == METHOD_DEVICES_CHANGED:
        return DevicesChanged()
    if method == METHOD_HANDED:
        handed = msgspec.convert(params, _Handed)
        return HandedOver(SessionId(handed.session_id), handed.code, handed.giver)
    message = msgspec.convert(params, _Message).message
    return PersonReset(message) if method == METHOD_WAS_RESET else Notice(message)
