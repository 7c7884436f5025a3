"""A tool that runs in the tab: what ADK's agent sees of it."""

from __future__ import annotations

from typing import Any

from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types

from server.agent.cancellation import unless_cancelled
from server.context import current_turn
from server.core.refusal import refusal
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

DELEGATE_KEY = "temp:delegate"
"""Where a tool finds its connection's delegate; ADK never stores a ``temp:`` key."""

NO_DELEGATE = "Delegate not initialized in session state"
NO_CALL_ID = "Missing function_call_id in ToolContext"


class FrontendTool(BaseTool):
    """Made from the spec that a tab offers; it runs there, through the delegate of the turn's connection."""

    def __init__(self, spec: ToolSpec) -> None:
        super().__init__(name=spec.name, description=spec.description)
        self.spec = spec

    def _get_declaration(self) -> types.FunctionDeclaration:
        return types.FunctionDeclaration(
            name=self.name, description=self.description, parameters_json_schema=self.spec.input_schema
        )

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> JsonObject:
        """The tab's dict, or ``{"success": False, "error": "…"}``."""
        delegate = tool_context.state.get(DELEGATE_KEY)
        if delegate is None:
            return refusal(NO_DELEGATE)
        if not tool_context.function_call_id:
            return refusal(NO_CALL_ID)
        running = delegate.execute_on_frontend(tool_context.function_call_id, self.name, args)
        return await unless_cancelled(running, current_turn().abort)
