"""ADK's own tool confirmation, set up and answered as its documentation says, with a model that needs no network.

https://google.github.io/adk-docs/tools-custom/confirmation and https://google.github.io/adk-docs/runtime/resume
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from google.adk.agents import LlmAgent
from google.adk.apps import App, ResumabilityConfig
from google.adk.events import Event
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import Runner
from google.adk.sessions import BaseSessionService
from google.adk.tools.function_tool import FunctionTool
from google.genai import types

APP, USER = "peer", "bench"
THINKING = 0.02
"""How long the model takes, in seconds: real ones take longer, none takes no time."""

CONFIRMATION = "adk_request_confirmation"
PAY = "pay "
"""A message that begins so makes the model call the tool for what follows."""

Tool = Callable[[str], Awaitable[dict[str, str]]]


class ScriptedModel(BaseLlm):
    """Calls ``pay`` for a message that says so, and says ``done`` to its result and to anything else."""

    model: str = "scripted"

    async def generate_content_async(
        self,
        llm_request: LlmRequest,
        stream: bool = False,
    ) -> AsyncGenerator[LlmResponse, None]:
        await asyncio.sleep(THINKING)
        last = (llm_request.contents[-1].parts or [])[-1] if llm_request.contents else types.Part(text="")
        part = types.Part(text="done")
        if last.text is not None and last.text.startswith(PAY):
            approval = last.text.removeprefix(PAY)
            part = types.Part(function_call=types.FunctionCall(name="pay", args={"approval": approval}))
        yield LlmResponse(content=types.Content(role="model", parts=[part]), partial=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A confirmation that ADK waits for."""

    call_id: str
    invocation_id: str


def make_runner(service: BaseSessionService, tool: Tool) -> Runner:
    """A resumable app with one agent and ``tool`` as ``pay``, which ADK runs only when confirmed."""

    async def pay(approval: str) -> dict[str, str]:
        """Pay once."""
        return await tool(approval)

    agent = LlmAgent(name="agent", model=ScriptedModel(), tools=[FunctionTool(pay, require_confirmation=True)])
    app = App(name=APP, root_agent=agent, resumability_config=ResumabilityConfig(is_resumable=True))
    return Runner(app=app, session_service=service)


async def say(runner: Runner, session_id: str, text: str) -> list[Event]:
    """One message and all that came of it."""
    message = types.Content(role="user", parts=[types.Part(text=text)])
    running = runner.run_async(user_id=USER, session_id=session_id, new_message=message)
    return [event async for event in running]


async def ask(runner: Runner, session_id: str, approval: str) -> Asked:
    """Have the model call the tool, up to the confirmation that ADK asks for."""
    for event in await say(runner, session_id, PAY + approval):
        for call in event.get_function_calls():
            if call.name == CONFIRMATION:
                assert call.id is not None
                return Asked(call.id, event.invocation_id)
    raise AssertionError(f"ADK did not ask about {approval}")


async def confirm(runner: Runner, session_id: str, asked: Asked) -> None:
    """Answer yes, with the invocation that asked, as a resumable app must."""
    answer = types.FunctionResponse(id=asked.call_id, name=CONFIRMATION, response={"confirmed": True})
    message = types.Content(role="user", parts=[types.Part(function_response=answer)])
    running = runner.run_async(
        user_id=USER, session_id=session_id, new_message=message, invocation_id=asked.invocation_id
    )
    async for _ in running:
        pass


async def resume(runner: Runner, session_id: str, invocation_id: str) -> None:
    """Go on with an invocation that was stopped, saying nothing new."""
    async for _ in runner.run_async(user_id=USER, session_id=session_id, invocation_id=invocation_id):
        pass
