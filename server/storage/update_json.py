"""Updates as JSON, and back. In ASCII: not every database takes every character of Unicode."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeAlias

import msgspec

from shared.frames import (
    AgentSaid,
    AgentThought,
    AnswerRestarted,
    CommandsOffered,
    TodosChanged,
    ToolChanged,
    ToolStarted,
    TurnEnded,
    Update,
    UsageChanged,
    UserSaid,
)

Plain: TypeAlias = UserSaid | AgentSaid | AgentThought | AnswerRestarted | ToolStarted | ToolChanged
Nested: TypeAlias = CommandsOffered | UsageChanged | TodosChanged | TurnEnded

PLAIN: dict[str, type[Plain]] = {
    "user_said": UserSaid,
    "agent_said": AgentSaid,
    "agent_thought": AgentThought,
    "answer_restarted": AnswerRestarted,
    "tool_started": ToolStarted,
    "tool_changed": ToolChanged,
}
"""Those whose fields are JSON as they are."""

NESTED: dict[str, type[Nested]] = {
    "commands_offered": CommandsOffered,
    "usage_changed": UsageChanged,
    "todos_changed": TodosChanged,
    "turn_ended": TurnEnded,
}
"""Those that hold frozen dataclasses."""

_NAMES: dict[type[Update], str] = {kind: name for kinds in (PLAIN, NESTED) for name, kind in kinds.items()}


def encode_update(update: Update) -> str:
    """``update`` as a JSON list of its kind's name and its fields."""
    name = _NAMES[type(update)]
    if name in NESTED:
        return json.dumps([name, dataclasses.asdict(update)])
    return json.dumps([name, {field: getattr(update, field) for field in update.__slots__}])


def decode_updates(text: str) -> list[Update]:
    """The updates of a JSON list of such lists."""
    return [_decoded(name, fields) for name, fields in json.loads(text)]


def _decoded(name: str, fields: dict[str, Any]) -> Update:
    if name in NESTED:
        return msgspec.convert(fields, NESTED[name])
    return PLAIN[name](**fields)
