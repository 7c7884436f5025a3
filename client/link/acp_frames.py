"""Reads ACP's updates and questions into our frames. Pure, and forgiving: a server need not be ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import msgspec
from acp import schema

from shared.acp_names import META_APPROVAL, META_MESSAGE_ID, META_TOOL_NAME, META_USAGE
from shared.frames import (
    AgentSaid,
    AgentThought,
    ApprovalAsked,
    Choice,
    Command,
    CommandsOffered,
    TodosChanged,
    ToolChanged,
    ToolStarted,
    ToolStatus,
    Update,
    UsageChanged,
    UserSaid,
)
from shared.ids import MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.todos import Todo
from shared.tool_spec import ToolKind
from shared.usage import TokenUsage

Meta: TypeAlias = Mapping[str, Any]

UNKNOWN_RISK = "What this tool does is not known to Ringback."
NO_EXPIRY = 24 * 60 * 60.0
"""How long a question stands that names no end, in seconds."""

_CHOICE_OF_KIND = {
    "allow_once": Choice.ALLOW_ONCE,
    "allow_always": Choice.ALLOW_TOOL,
    "reject_once": Choice.REJECT_ONCE,
    "reject_always": Choice.REJECT_TOOL,
}


@dataclass(frozen=True, slots=True)
class Question:
    """An approval, and the option id that the server wants for each choice."""

    approval: ApprovalAsked
    option_ids: Mapping[Choice, str]


class _Usage(msgspec.Struct, frozen=True):
    session: TokenUsage | None = None
    user: TokenUsage | None = None


class _Approval(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    risk: str = UNKNOWN_RISK
    arguments_hash: str = ""
    expires_in: float = NO_EXPIRY
    asked_by: str = ""


def read_update(update: object, meta: Meta) -> list[Update]:
    """What an ACP update says to a tab; empty for kinds that the client does not show."""
    frames: list[Update] = []
    match update:
        case schema.UserMessageChunk():
            message_id = _own_meta(update.field_meta, meta).get(META_MESSAGE_ID) or update.message_id
            if isinstance(message_id, str):
                frames.append(UserSaid(MessageId(message_id), _text(update.content)))
        case schema.AgentMessageChunk():
            frames.append(AgentSaid(_text(update.content)))
        case schema.AgentThoughtChunk():
            frames.append(AgentThought(_text(update.content)))
        case schema.ToolCallStart():
            frames += [_started(update, meta), *_changed(update)]
        case schema.ToolCallProgress():
            frames += _changed(update)
        case schema.AvailableCommandsUpdate():
            frames.append(CommandsOffered(tuple(_command(command) for command in update.available_commands)))
        case schema.UsageUpdate():
            frames.append(_usage(update, meta))
        case schema.AgentPlanUpdate():
            frames.append(TodosChanged(tuple(_todo(entry) for entry in update.entries)))
        case _:
            pass  # modes and whatever comes to be: nothing that this client shows
    return frames


def read_question(
    session_id: str,
    asked: schema.ToolCallUpdate,
    options: Sequence[schema.PermissionOption],
    meta: Meta,
    known: ToolStarted | None,
) -> Question:
    """The approval that is asked for; what it leaves out is taken from the ``known`` call."""
    try:
        told = msgspec.convert(meta.get(META_APPROVAL), _Approval, strict=False)
    except msgspec.ValidationError:
        told = _Approval(name=(known.name if known else None) or asked.title or asked.tool_call_id)
    option_ids: dict[Choice, str] = {}
    for option in options:
        is_ours = option.option_id in set(Choice)
        choice = Choice(option.option_id) if is_ours else _CHOICE_OF_KIND.get(option.kind)
        if choice is not None:
            option_ids.setdefault(choice, option.option_id)
    approval = ApprovalAsked(
        session_id=SessionId(session_id),
        call_id=ToolCallId(asked.tool_call_id),
        name=told.name,
        title=asked.title or (known.title if known else told.name),
        kind=_kind(asked.kind) if asked.kind else (known.kind if known else "other"),
        arguments=known.arguments if asked.raw_input is None and known else _as_object(asked.raw_input, "input"),
        arguments_hash=told.arguments_hash,
        risk=told.risk,
        expires_in=told.expires_in,
        choices=tuple(option_ids),
        asked_by=told.asked_by,
    )
    return Question(approval, option_ids)


def _started(update: schema.ToolCallStart, meta: Meta) -> ToolStarted:
    name = _own_meta(update.field_meta, meta).get(META_TOOL_NAME)
    return ToolStarted(
        call_id=ToolCallId(update.tool_call_id),
        name=name if isinstance(name, str) else update.title,
        title=update.title,
        kind=_kind(update.kind),
        arguments=_as_object(update.raw_input, "input"),
    )


def _changed(update: schema.ToolCall | schema.ToolCallUpdate) -> list[Update]:
    status: ToolStatus | None = next((word for word in get_args(ToolStatus) if word == update.status), None)
    if status is None or (status == "pending" and isinstance(update, schema.ToolCallStart)):
        return []
    result: JsonObject | None = None
    if status in {"completed", "failed"}:
        shown = [part.content for part in update.content or [] if isinstance(part, schema.ContentToolCallContent)]
        output = update.raw_output if update.raw_output is not None else "\n".join(_text(block) for block in shown)
        result = _as_object(output, "output")
    return [ToolChanged(ToolCallId(update.tool_call_id), status, result)]


def _command(command: schema.AvailableCommand) -> Command:
    return Command(command.name, command.description, command.input.root.hint if command.input else None)


def _usage(update: schema.UsageUpdate, meta: Meta) -> UsageChanged:
    try:
        told = msgspec.convert(_own_meta(update.field_meta, meta).get(META_USAGE, {}), _Usage)
    except msgspec.ValidationError:
        told = _Usage()
    return UsageChanged(update.used, update.size, told.session, told.user)


def _todo(entry: schema.PlanEntry) -> Todo:
    return Todo(entry.content, entry.status, entry.priority)


def _text(block: object) -> str:
    match block:
        case schema.TextContentBlock():
            return block.text
        case schema.ResourceContentBlock():
            return f"[{block.title or block.name}]({block.uri})"
        case _:
            return f"[{getattr(block, 'type', 'content')} is not shown here]"


def _kind(word: object) -> ToolKind:
    kinds: tuple[ToolKind, ...] = get_args(ToolKind)
    return next((kind for kind in kinds if kind == word), "other")


def _as_object(value: object, name: str) -> JsonObject:
    if value is None or value == "":
        return {}
    return msgspec.convert(value if isinstance(value, dict) else {name: value}, dict[str, Any])


def _own_meta(own: Meta | None, meta: Meta) -> Meta:
    return {**meta, **(own or {})}
