"""The tool ``remember``: keeps something for the person, across conversations and devices."""

from __future__ import annotations

import json

from server.agent.backend_tool import text_argument
from server.context import current_turn
from server.core.state_values import MAX_DOCUMENT
from server.core.tool_failure import ToolFailedError
from shared.errors import StateError
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema

MEMORY = "memory"
"""The key of the shared state whose fields are what is remembered."""

SPEC = ToolSpec(
    name="remember",
    title="Remember something",
    description=(
        "Keep a value under a name for this user. It is there in every later conversation and on every device. "
        "A value kept before under the same name is replaced."
    ),
    input_schema=object_schema(
        required=("key", "value"),
        key={"type": "string", "minLength": 1, "maxLength": 200, "description": "A short name, such as colour"},
        value={"description": "Text, a number, true, false, null, a list or an object"},
    ),
    kind="other",
    risk="Keeps what it is told, for you alone, until you have it forgotten.",
)


async def run(arguments: JsonObject) -> JsonObject:
    """``{"key", "value"}``, as they are kept now.

    Raises:
        ToolFailedError: if there is no value, or no room for it.
        StateError: if it cannot be kept.
    """
    key = text_argument(arguments, "key")
    if "value" not in arguments:
        raise ToolFailedError("The argument value is missing; give what is to be remembered.")
    value, state = arguments["value"], current_turn().shared_state
    try:
        await state.update_field(MEMORY, key, value)
    except StateError as error:
        size = len(json.dumps({**(await state.get(MEMORY) or {}), key: value}, separators=(",", ":")))
        if size <= MAX_DOCUMENT:
            raise
        raise ToolFailedError(
            f"There is no room for that: all that is remembered takes at most {MAX_DOCUMENT:,} bytes, and with this "
            f"it would take {size:,}. Forget something first, or remember less."
        ) from error
    return {"key": key, "value": value}
