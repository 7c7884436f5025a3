"""The tool ``update_todos``: what the agent means to do in this conversation, for the person to see."""

from __future__ import annotations

from typing import get_args

import msgspec

from server.context import current_turn
from server.core.tool_failure import ToolFailedError
from shared.json_types import JsonObject, JsonValue
from shared.todos import Todo, TodoPriority, TodoStatus
from shared.tool_spec import ToolSpec, object_schema

MAX_TODOS = 100
MAX_CONTENT = 500
"""Longest description of one thing to do, in characters."""

_FORM = (
    "The argument items is a list of objects with a content and, if you like, "
    f"a status ({', '.join(get_args(TodoStatus))}) and a priority ({', '.join(get_args(TodoPriority))})."
)

SPEC = ToolSpec(
    name="update_todos",
    title="Update the todos",
    description=(
        "Show the user what you mean to do, as a list that replaces the earlier one. Use it for work of several "
        "steps: mark the one you are at as in_progress, and each as completed when it is done."
    ),
    input_schema=object_schema(
        required=("items",),
        items={
            "type": "array",
            "maxItems": MAX_TODOS,
            "items": object_schema(
                required=("content",),
                content={"type": "string", "minLength": 1, "maxLength": MAX_CONTENT, "description": "What to do"},
                status={"type": "string", "enum": [*get_args(TodoStatus)], "description": "pending if left out"},
                priority={"type": "string", "enum": [*get_args(TodoPriority)], "description": "medium if left out"},
            ),
        },
    ),
    kind="think",
    risk="Only changes a list that you see.",
)


async def run(arguments: JsonObject) -> JsonObject:
    """``{"count", "completed"}`` of the list as it is now.

    Raises:
        ToolFailedError: if an item does not have the right form; the sentence says which.
    """
    todos = read_todos(arguments.get("items"))
    await current_turn().plan(todos)
    return {"count": len(todos), "completed": sum(todo.status == "completed" for todo in todos)}


def read_todos(items: JsonValue) -> tuple[Todo, ...]:
    """The list that ``items`` are.

    Raises:
        ToolFailedError: if one does not have the right form, or there are too many.
    """
    try:
        todos = msgspec.convert(items, tuple[Todo, ...])
    except msgspec.ValidationError as error:
        raise ToolFailedError(f"{_FORM} {error}.") from error
    if len(todos) > MAX_TODOS:
        raise ToolFailedError(f"There are {len(todos)} items; at most {MAX_TODOS} can be kept.")
    for number, todo in enumerate(todos, start=1):
        content = todo.content
        if not content.strip() or len(content) > MAX_CONTENT or not content.isprintable():
            raise ToolFailedError(
                f"Item {number}: the content has 1 to {MAX_CONTENT} printable characters on one line."
            )
    return todos
