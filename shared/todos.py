"""What the agent means to do in a conversation: its todos, spelled as ACP spells the entries of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

TodoStatus: TypeAlias = Literal["pending", "in_progress", "completed"]
TodoPriority: TypeAlias = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do."""

    content: str
    status: TodoStatus = "pending"
    priority: TodoPriority = "medium"
