"""A tool that runs in the server: what ADK's agent sees of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types

from server.agent.cancellation import unless_cancelled
from server.context import current_turn
from server.core.refusal import refusal
from server.core.tool_failure import EXPECTED, ToolFailedError
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

Work = Callable[[JsonObject], Coroutine[Any, Any, JsonObject]]


class BackendTool(BaseTool):
    """A spec and the coroutine function that does the work, or raises one of the ``EXPECTED`` failures."""

    def __init__(self, spec: ToolSpec, work: Work) -> None:
        super().__init__(name=spec.name, description=spec.description)
        self.spec = spec
        self._work = work

    def _get_declaration(self) -> types.FunctionDeclaration:
        return types.FunctionDeclaration(
            name=self.name, description=self.description, parameters_json_schema=self.spec.input_schema
        )

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> JsonObject:
        """``{"success": True, …}``, or ``{"success": False, "error": "…"}``."""
        del tool_context
        try:
            return {"success": True, **await unless_cancelled(self._work(args), current_turn().abort)}
        except EXPECTED as error:
            return refusal(str(error))


def text_argument(arguments: JsonObject, name: str) -> str:
    """The argument ``name``, stripped.

    Raises:
        ToolFailedError: if it is absent, blank or no text.
    """
    value = arguments.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ToolFailedError(f"The argument {name} is missing; give it as text.")
    return value.strip()
