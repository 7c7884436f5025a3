"""A tool that somebody wrote with ``AsyncBaseTool``: what ADK's agent sees of it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types
from pydantic import ValidationError

from server.agent.cancellation import EndedItselfError, unless_cancelled
from server.async_tool import AsyncBaseTool, is_async, spec_of
from server.context import Workers, current_turn, for_own_tool
from server.core.refusal import refusal
from server.core.tool_failure import EXPECTED, ToolFailedError
from server.core.tool_result import as_result
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)

MAX_PROBLEMS = 5
"""How many of the things wrong with the arguments the model is told."""


class OwnTool(BaseTool):
    """Makes an object of the class for each call. Whatever it raises or cancels, the call ends with a result."""

    def __init__(self, tool: type[AsyncBaseTool], workers: Workers) -> None:
        """``workers`` lends the threads for a tool that is not async.

        Raises:
            UsageError: if the class cannot be a tool as it is written; the sentence says why.
        """
        self.spec = spec_of(tool)
        super().__init__(name=self.spec.name, description=self.spec.description)
        self._tool = tool
        self._workers = workers

    def _get_declaration(self) -> types.FunctionDeclaration:
        return types.FunctionDeclaration(
            name=self.name, description=self.description, parameters_json_schema=self.spec.input_schema
        )

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> JsonObject:
        """What the tool returned, or ``{"success": False, "error": "…"}``."""
        del tool_context
        abort = current_turn().abort
        work = self._on_the_loop(args) if is_async(self._tool) else self._in_a_thread(args)
        try:
            return await unless_cancelled(work, abort)
        except EndedItselfError as error:
            return self._failed(error)

    async def _on_the_loop(self, arguments: JsonObject) -> JsonObject:
        try:
            with for_own_tool():
                return as_result(await self._call(arguments)._arun())  # noqa: SLF001  (people override it)
        except asyncio.CancelledError:
            # Whether the person did this or the tool itself is known to the one that waits for it.
            raise
        except BaseException as error:  # noqa: BLE001  (logged, unless it is said in full; some would stop the server)
            return self._failed(error)

    async def _in_a_thread(self, arguments: JsonObject) -> JsonObject:
        return await asyncio.get_running_loop().run_in_executor(self._workers.tool, self._run, arguments)

    def _run(self, arguments: JsonObject) -> JsonObject:
        # Everything ends here: a future cannot carry StopIteration, and SystemExit would stop the server.
        try:
            return as_result(self._call(arguments).run())
        except BaseException as error:  # noqa: BLE001  (logged, unless it is said in full)
            return self._failed(error)

    def _call(self, arguments: JsonObject) -> AsyncBaseTool:
        try:
            return self._tool.model_validate_json(json.dumps(arguments))
        except ValidationError as error:
            raise ToolFailedError(_sentence(error)) from error

    def _failed(self, error: BaseException) -> JsonObject:
        if isinstance(error, EXPECTED):
            return refusal(str(error))
        logger.error("the tool %s failed", self.name, exc_info=error)
        return refusal(f"The tool {self.name} failed; the server's log says more. It may have done part of its work.")


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    told = [": ".join(filter(None, (_place(problem["loc"]), problem["msg"]))) for problem in problems[:MAX_PROBLEMS]]
    more = f"; and {len(problems) - MAX_PROBLEMS} more" if len(problems) > MAX_PROBLEMS else ""
    return f"The arguments cannot be used. {'; '.join(told)}{more}."


def _place(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path)
