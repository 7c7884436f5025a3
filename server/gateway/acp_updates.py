"""Each update of a conversation as ACP's ``session/update`` spells it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TypeAlias, assert_never

from acp import schema

from shared.acp_names import META_MESSAGE_ID, META_TOOL_NAME, META_USAGE
from shared.frames import (
    AgentSaid,
    AgentThought,
    Command,
    CommandsOffered,
    TodosChanged,
    ToolChanged,
    ToolStarted,
    UsageChanged,
    UserSaid,
)
from shared.json_types import JsonObject

AcpUpdate: TypeAlias = (
    schema.UserMessageChunk
    | schema.AgentMessageChunk
    | schema.AgentThoughtChunk
    | schema.ToolCallStart
    | schema.ToolCallProgress
    | schema.AvailableCommandsUpdate
    | schema.UsageUpdate
    | schema.AgentPlanUpdate
)

SessionUpdate: TypeAlias = (
    UserSaid | AgentSaid | AgentThought | ToolStarted | ToolChanged | CommandsOffered | UsageChanged | TodosChanged
)
"""What a conversation tells a tab; a turn's end is no ``session/update``."""


def session_update(update: SessionUpdate) -> AcpUpdate:  # noqa: PLR0911  (one return for each kind)
    """``update`` as the ``update`` of a ``session/update``."""
    match update:
        case UserSaid(message_id, text):
            meta = {META_MESSAGE_ID: message_id}
            return schema.UserMessageChunk(session_update="user_message_chunk", content=_text(text), field_meta=meta)
        case AgentSaid(text):
            return schema.AgentMessageChunk(session_update="agent_message_chunk", content=_text(text))
        case AgentThought(text):
            return schema.AgentThoughtChunk(session_update="agent_thought_chunk", content=_text(text))
        case ToolStarted():
            return schema.ToolCallStart(
                session_update="tool_call",
                tool_call_id=update.call_id,
                title=update.title,
                kind=update.kind,
                status="pending",
                raw_input=update.arguments,
                field_meta={META_TOOL_NAME: update.name},
            )
        case ToolChanged():
            return _tool_changed(update)
        case CommandsOffered(commands):
            offered = [_command(command) for command in commands]
            return schema.AvailableCommandsUpdate(
                session_update="available_commands_update", available_commands=offered
            )
        case UsageChanged():
            return _usage_changed(update)
        case TodosChanged(todos):
            entries = [schema.PlanEntry(content=t.content, priority=t.priority, status=t.status) for t in todos]
            return schema.AgentPlanUpdate(session_update="plan", entries=entries)
        case _:
            assert_never(update)


def _tool_changed(update: ToolChanged) -> schema.ToolCallProgress:
    progress = schema.ToolCallProgress(
        session_update="tool_call_update", tool_call_id=update.call_id, status=update.status
    )
    if update.result is not None:
        progress.raw_output = update.result
        progress.content = [text_content(as_text(update.result))]
    return progress


def _usage_changed(update: UsageChanged) -> schema.UsageUpdate:
    counted = {"session": update.session, "user": update.user}
    told = {name: asdict(usage) for name, usage in counted.items() if usage is not None}
    changed = schema.UsageUpdate(session_update="usage_update", used=update.used, size=update.size)
    if told:
        changed.field_meta = {META_USAGE: told}
    return changed


def _command(command: Command) -> schema.AvailableCommand:
    if command.hint is None:
        return schema.AvailableCommand(name=command.name, description=command.description)
    hint = schema.AvailableCommandInput(root=schema.UnstructuredCommandInput(hint=command.hint))
    return schema.AvailableCommand(name=command.name, description=command.description, input=hint)


def _text(text: str) -> schema.TextContentBlock:
    return schema.TextContentBlock(type="text", text=text)


def text_content(text: str) -> schema.ContentToolCallContent:
    """``text`` as the content of a tool call."""
    return schema.ContentToolCallContent(type="content", content=_text(text))


def as_text(value: JsonObject) -> str:
    """``value`` as a person reads it."""
    return json.dumps(value, ensure_ascii=False, indent=2)
