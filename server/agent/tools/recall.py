"""The tool ``recall``: what was remembered for the person."""

from __future__ import annotations

import asyncio
import difflib

from server.agent.backend_tool import text_argument
from server.agent.tools.remember import MEMORY
from server.context import current_turn
from server.core.tool_failure import ToolFailedError
from shared.json_types import JsonObject, JsonValue
from shared.tool_spec import ToolSpec, object_schema

MAX_LISTED = 200
"""How many names are listed at most."""

MAX_COMPARED = 40
"""How many characters of a name tell whether it is like another."""

SPEC = ToolSpec(
    name="recall",
    title="Recall something",
    description="Get what was remembered for this user under a name. Without a name, list the names there are.",
    input_schema=object_schema(
        key={"type": "string", "description": "The name; leave it out to list all names"},
    ),
    kind="read",
    risk="Only reads what was remembered for you.",
)


async def run(arguments: JsonObject) -> JsonObject:
    """``{"key", "value"}``; without a key ``{"keys", "count"}``, with at most :data:`MAX_LISTED` names.

    Raises:
        ToolFailedError: if nothing is remembered under that name; the sentence names those like it.
        StateError: if the state cannot be had.
    """
    remembered = await current_turn().shared_state.get(MEMORY) or {}
    if not arguments.get("key"):
        names: list[JsonValue] = [*sorted(remembered)[:MAX_LISTED]]
        return {"keys": names, "count": len(remembered)}
    key = text_argument(arguments, "key")
    if key not in remembered:
        raise await unknown(key, remembered)
    return {"key": key, "value": remembered[key]}


async def unknown(key: str, remembered: JsonObject) -> ToolFailedError:
    """The error that nothing is remembered under ``key``; its sentence names those like it.

    Searched in a thread: with as many names as can be kept it takes half a second, which would stop every tab.
    """
    return ToolFailedError(await asyncio.to_thread(nothing_under, key, remembered))


def nothing_under(key: str, remembered: JsonObject) -> str:
    """A sentence that nothing is remembered under ``key``, with the names like it."""
    by_word = {_start(name): name for name in remembered}
    near = [by_word[word] for word in difflib.get_close_matches(_start(key), by_word, n=3, cutoff=0.6)]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"Nothing is remembered under {key!r}.{hint}"


def _start(name: str) -> str:
    return name[:MAX_COMPARED].casefold()
