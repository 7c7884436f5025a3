"""The one gate: an ADK plugin that every call of every tool passes, before it runs and after."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any, NamedTuple, assert_never

from google.adk.agents.callback_context import CallbackContext
from google.adk.agents.invocation_context import InvocationContext
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from server.agent.backend_tool import BackendTool
from server.agent.frontend_tool import DELEGATE_KEY, NO_CALL_ID, NO_DELEGATE, FrontendTool
from server.agent.invocation import results_of
from server.agent.own_tool import OwnTool
from server.context import current_turn
from server.core.desk_events import Requested
from server.core.refusal import refusal
from server.core.verdict import Given, Go, told_of_edits
from server.log import say
from shared.catalog import FRONTEND_TOOLS
from shared.errors import BudgetSpentError
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

logger = logging.getLogger(__name__)

BUDGET_SPENT = "BUDGET_SPENT"
"""The error code of an answer that the model was not asked for."""

_CATALOGUE = {spec.name: spec for spec in FRONTEND_TOOLS}


class GatePlugin(BasePlugin):
    """Binds the delegate for each run, admits each call through the turn's approvals, and settles what it admitted.

    Its callbacks around tools never raise but for cancellation: that would cancel the calls beside it.
    """

    def __init__(self) -> None:
        super().__init__(name="gate")
        self._running: dict[_CallKey, Go] = {}

    async def before_run_callback(self, *, invocation_context: InvocationContext) -> None:
        """Give the run its delegate."""
        turn = current_turn()
        invocation_context.session.state[DELEGATE_KEY] = turn.delegate
        say(logger, "delegate_bound", client_identifier=turn.client_identifier, session=turn.session_id)

    async def before_model_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest
    ) -> LlmResponse | None:
        """Ask the model only while there is something left of every budget; else an error stands for its answer.

        ADK would wrap an exception in one of its own. No call is open now: their results came before.
        """
        del callback_context, llm_request
        try:
            current_turn().spending.check()
        except BudgetSpentError as error:
            return LlmResponse(error_code=BUDGET_SPENT, error_message=str(error))
        return None

    async def after_model_callback(self, *, callback_context: CallbackContext, llm_response: LlmResponse) -> None:
        """Let the model speak no faster than the tab reads: ADK itself queues an answer's pieces without bound."""
        del callback_context
        if llm_response.partial:
            await current_turn().room()

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> JsonObject | None:
        """``None`` when the tool is to run now, or else the dict that the model is given in its stead.

        Where the person changed the arguments, ``tool_args`` are those after it.
        """
        if isinstance(tool, FrontendTool) and tool_context.state.get(DELEGATE_KEY) is None:
            return refusal(NO_DELEGATE)
        if not tool_context.function_call_id:
            return refusal(NO_CALL_ID)
        try:
            return await self._admit(tool, tool_args, tool_context)
        except Exception:
            logger.exception("the gate could not decide about a call of %s", tool.name)
            return refusal("The approval failed inside Ringback. The tool was not run.")

    async def after_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext, result: object
    ) -> JsonObject | None:
        """Settle the call. ADK also calls this for what the gate itself answered: that is settled already.

        Returns what the model is given in the result's stead, if anything.
        """
        del tool, tool_args
        given: JsonObject = result if isinstance(result, dict) else {"result": str(result)}
        return await self._settle(tool_context, given, failed=given.get("success") is False)

    async def on_tool_error_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext, error: BaseException
    ) -> JsonObject | None:
        """Turn a tool's exception into a result. A cancelled call stays claimed: it may have run."""
        del tool_args
        if not isinstance(error, Exception):
            self._running.pop(_key(tool_context), None)
            return None
        logger.error("the tool %s failed", tool.name, exc_info=error)
        given = refusal(f"The tool {tool.name} failed inside Ringback. It may have done part of its work.")
        return await self._settle(tool_context, given, failed=True) or given

    async def _admit(self, tool: BaseTool, arguments: dict[str, Any], tool_context: ToolContext) -> JsonObject | None:
        turn = current_turn()
        key, (spec, is_offered) = _key(tool_context), _known(tool)
        is_frontend = isinstance(tool, FrontendTool)
        if is_frontend:
            is_offered = tool.name in turn.delegate.tools
        occurrence = 1 + results_of(tool_context.session.events, tool_context.invocation_id, key.call_id)
        request = Requested(key.call_id, spec, deepcopy(arguments), is_offered, occurrence, is_frontend)
        verdict = await turn.approvals.admit(request)
        match verdict:
            case Given(result):
                return result
            case Go():
                if verdict.is_edited:
                    arguments.clear()
                    arguments.update(deepcopy(verdict.arguments))
                self._running[key] = verdict
                return None
            case _:
                assert_never(verdict)

    async def _settle(self, tool_context: ToolContext, result: JsonObject, *, failed: bool) -> JsonObject | None:
        """Settle what runs; what the model is given in the result's stead, if anything."""
        key = _key(tool_context)
        verdict = self._running.pop(key, None)
        if verdict is None:
            return None
        told = told_of_edits(result, verdict)
        try:
            await current_turn().approvals.settle(key.call_id, told, failed=failed)
        except Exception:
            logger.exception("the call %s of %s could not be settled", key.call_id, key.session_id)
        return None if told is result else told


class _CallKey(NamedTuple):
    """People who take turns on one connection may have sessions of one name, and some models repeat their ids."""

    user_id: str
    session_id: str
    call_id: ToolCallId


def _key(tool_context: ToolContext) -> _CallKey:
    call_id = ToolCallId(tool_context.function_call_id or "")
    return _CallKey(tool_context.session.user_id, tool_context.session.id, call_id)


def _known(tool: BaseTool) -> tuple[ToolSpec, bool]:
    """The tool's spec, and whether there is such a tool here.

    For a name that it does not know, ADK hands out a bare ``BaseTool``: made up by the model, or of the
    catalogue and not offered by this device.
    """
    if isinstance(tool, FrontendTool | BackendTool | OwnTool):
        return tool.spec, True
    exists = type(tool) is not BaseTool
    spec = ToolSpec(name=tool.name, title=tool.name, description=tool.description, input_schema={"type": "object"})
    return (spec if exists else _CATALOGUE.get(tool.name, spec)), exists
