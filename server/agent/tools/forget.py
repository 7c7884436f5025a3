"""The tool ``forget``: takes away what was remembered for the person."""

from __future__ import annotations

from server.agent.backend_tool import text_argument
from server.agent.tools.recall import unknown
from server.agent.tools.remember import MEMORY
from server.context import current_turn
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="forget",
    title="Forget something",
    description="Delete what was remembered for this user under a name. It cannot be brought back.",
    input_schema=object_schema(
        required=("key",),
        key={"type": "string", "minLength": 1, "description": "The name that it was remembered under"},
    ),
    kind="delete",
    risk="Deletes something that was remembered for you, for all conversations and devices. It cannot be undone.",
)


async def run(arguments: JsonObject) -> JsonObject:
    """``{"key", "forgotten": True}``.

    Raises:
        ToolFailedError: if nothing is remembered under that name; the sentence names those like it.
        StateError: if the state cannot be had.
    """
    key = text_argument(arguments, "key")
    state = current_turn().shared_state
    if not await state.delete_field(MEMORY, key):
        raise await unknown(key, await state.get(MEMORY) or {})
    return {"key": key, "forgotten": True}
