"""What there is to know about a tool before it runs: its name, parameters, and what the person is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shared.json_types import JsonObject

ToolKind: TypeAlias = Literal[
    "read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other"
]
"""ACP's word for what kind of thing a tool does."""

TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""The names that every model accepts."""

NAME_RULE = "has 1 to 64 letters, digits, _ or -, and no digit or - in front"
"""The same, for the sentence to whoever gave another one."""

OF_ADK = "adk_"
"""Names that begin so are ADK's own, the agent's engine: it takes calls of them for something else."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as both sides know it.

    ``input_schema`` is a JSON Schema of type ``object``, as in MCP. ``risk`` is one sentence for the person who
    is asked: what the tool can do to them. With ``only_exactly`` an "always" never covers more than these very
    arguments: other ones of the same tool can do something else entirely. ``longest_seconds`` is how long it may well
    take, if that is longer than tools commonly do.
    """

    name: str
    title: str
    description: str
    input_schema: JsonObject
    kind: ToolKind = "other"
    risk: str = "What this tool does is not known to Ringback."
    only_exactly: bool = False
    longest_seconds: float = 0.0


def object_schema(required: tuple[str, ...] = (), **properties: JsonObject) -> JsonObject:
    """A closed JSON Schema of type ``object`` with these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
