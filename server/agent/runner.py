"""The agent behind every conversation: one ADK agent, one app, one runner, shared by all sessions."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from google.adk.agents.invocation_context import LlmCallsLimitExceededError
from google.adk.agents.llm_agent import LlmAgent
from google.adk.agents.run_config import (  # type: ignore[attr-defined]  # ADK documents StreamingMode here
    RunConfig,
    StreamingMode,
    ToolThreadPoolConfig,
)
from google.adk.apps.app import App, ResumabilityConfig
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.runners import Runner
from google.adk.sessions.base_session_service import BaseSessionService
from google.adk.telemetry.context import ContentCapturingMode, TelemetryConfig
from google.genai import types

from server.agent.backend_tool import BackendTool
from server.agent.gate import BUDGET_SPENT, GatePlugin
from server.agent.history import HistoryFailedError
from server.agent.invocation import MESSAGE_ID_KEY, Invocation, find_invocation
from server.agent.models.choice import context_size, resolve
from server.agent.models.demo_commands import COMMANDS
from server.agent.own_tool import OwnTool
from server.agent.retelling import retell
from server.agent.stop import Stop
from server.agent.telling import Telling, Update
from server.agent.tools import BACKEND_TOOLS
from server.agent.toolset import OfferedTools
from server.context import TurnContext
from server.context.turn_context import Told
from server.core.adk_user import adk_user_id
from server.core.identity import Identity
from server.core.policy import RESERVED
from server.log import say
from shared.errors import BudgetSpentError, TurnFailedError
from shared.frames import Command, ModelInfo

logger = logging.getLogger(__name__)

APP_NAME = "agents"
INSTRUCTION = (
    "You are Ringback, an assistant in the user's terminal. Some of your tools run on the user's device, and the user "
    "is asked first. A tool's result says whether it worked; if the user declined, accept that and go on without it."
)


class AdkAgent:
    """Satisfies :class:`server.ports.Agent`."""

    def __init__(
        self,
        *,
        session_service: BaseSessionService,
        model_name: str,
        backend_tools: Sequence[BackendTool] = BACKEND_TOOLS,
        own_tools: Sequence[OwnTool] = (),
        max_tool_threads: int = 64,
    ) -> None:
        """``own_tools`` are people's own. ``max_tool_threads`` bounds ADK's threads for tools that are plain functions.

        Raises:
            UsageError: if no model of that name can be had here.
        """
        model, self._model = resolve(model_name)
        own_names = {*RESERVED, *(tool.name for tool in (*backend_tools, *own_tools))}
        root = LlmAgent(
            name="ringback",
            model=model,
            instruction=INSTRUCTION,
            tools=[*backend_tools, *own_tools, OfferedTools(reserved=own_names)],
        )
        self._sessions = session_service
        self._runner = Runner(
            app=App(name=APP_NAME, root_agent=root, plugins=[GatePlugin()], resumability_config=_resumable()),
            session_service=session_service,
        )
        self._run_config = RunConfig(
            streaming_mode=StreamingMode.SSE,
            tool_thread_pool_config=ToolThreadPoolConfig(max_workers=max_tool_threads),
            # ADK's newer span attributes copy all pieces of an answer with each further piece; and what people say
            # does not belong into spans.
            telemetry=TelemetryConfig(
                genai_semconv_stability_opt_in="stable", capture_message_content=ContentCapturingMode.NO_CONTENT
            ),
        )

    @property
    def model(self) -> ModelInfo:
        """Which model answers."""
        return self._model

    @property
    def commands(self) -> tuple[Command, ...]:
        """The demo model's commands when it answers; other models have none."""
        return COMMANDS if self._model.scripted else ()

    async def run(self, turn: TurnContext) -> AsyncGenerator[Update, None]:
        """Answer ``turn.text``; see :class:`server.ports.Agent`.

        Raises:
            TurnFailedError: if the model or the storage failed.
        """
        try:
            await self._begin(turn)
            async with aclosing(self._take_up(turn)) as updates:
                async for update in updates:
                    yield update
        except (TurnFailedError, BudgetSpentError):
            raise
        except HistoryFailedError as error:
            logger.exception("the storage failed in a turn of %s", turn.session_id)
            raise TurnFailedError(
                "This conversation could not be read or stored. See that the disk has room, then send it again."
            ) from error
        except LlmCallsLimitExceededError as error:
            raise TurnFailedError(
                f"The model was asked {self._run_config.max_llm_calls} times and came to no end, so the turn stopped. "
                "Tell it how to go on."
            ) from error
        except Exception as error:
            logger.exception("the model %s failed in a turn of %s", self._model.name, turn.session_id)
            raise TurnFailedError(
                f"The model {self._model.label} failed to answer. Send it again; if that does not help, check the "
                "model's key and the network. The log says more."
            ) from error

    async def forget(self, identity: Identity) -> int:
        """Delete every stored conversation of a person; the number deleted.

        Raises:
            TurnFailedError: if the storage failed; some may be gone.
        """
        user_id = adk_user_id(identity.tenant, identity.user_id)
        try:
            stored = await self._sessions.list_sessions(app_name=APP_NAME, user_id=user_id)
            for session in stored.sessions:
                await self._sessions.delete_session(app_name=APP_NAME, user_id=user_id, session_id=session.id)
        except Exception as error:
            logger.exception("the conversations of a person could not be deleted")
            raise TurnFailedError("Your conversations could not all be deleted: the storage failed.") from error
        return len(stored.sessions)

    async def _begin(self, turn: TurnContext) -> None:
        """Make the session's row at its first prompt."""
        if turn.session.is_begun:
            return
        try:
            await self._sessions.create_session(
                app_name=APP_NAME,
                user_id=adk_user_id(turn.identity.tenant, turn.identity.user_id),
                session_id=turn.session_id,
                state={"client_identifier": turn.client_identifier},
            )
            say(logger, "session_created", client_identifier=turn.client_identifier, session=turn.session_id)
        except AlreadyExistsError:
            logger.debug("the session %s was begun before", turn.session_id)
        turn.session.is_begun = True

    async def _take_up(self, turn: TurnContext) -> AsyncGenerator[Update, None]:
        """Begin the turn, or go on with what ADK stored of it."""
        begun = None
        if turn.told is not None:
            begun = await self._stored(turn)
            for again in retell(turn.told, Told() if begun is None else begun.told):
                yield again
        if begun is not None:
            turn.catch_up(begun.used)
        if begun is not None and begun.is_over:
            self._see_that_it_did_not_fail(turn, begun.failure)
            return
        async with aclosing(self._answer(turn, begun)) as updates:
            async for update in updates:
                yield update

    async def _stored(self, turn: TurnContext) -> Invocation | None:
        """The turn as ADK stored it. It is the last one there, so every window of whole turns holds it."""
        session = await self._sessions.get_session(
            app_name=APP_NAME,
            user_id=adk_user_id(turn.identity.tenant, turn.identity.user_id),
            session_id=turn.session_id,
        )
        begun = None if session is None else find_invocation(session.events, turn.message_id)
        events = 0 if begun is None else len(begun.events)
        say(logger, "turn_taken_up", client_identifier=turn.client_identifier, session=turn.session_id, events=events)
        return begun

    async def _answer(self, turn: TurnContext, begun: Invocation | None) -> AsyncGenerator[Update, None]:
        stop = Stop(turn.abort, () if begun is None else begun.events)
        telling = Telling(turn, context_size(self._model.name))
        message = types.Content(role="user", parts=[types.Part(text=turn.text)])
        events = self._runner.run_async(
            user_id=adk_user_id(turn.identity.tenant, turn.identity.user_id),
            session_id=turn.session_id,
            invocation_id=None if begun is None else begun.id,
            new_message=message if begun is None else None,
            run_config=self._run_config.model_copy(update={"custom_metadata": {MESSAGE_ID_KEY: turn.message_id}}),
            abort_signal=stop.signal,
        )
        watching = asyncio.create_task(stop.watch())
        try:
            async with aclosing(events):
                async for event in events:
                    stop.see(event)
                    for update in telling.updates(event):
                        yield update
        finally:
            watching.cancel()
        self._see_that_it_did_not_fail(turn, telling.failure)

    def _see_that_it_did_not_fail(self, turn: TurnContext, failure: tuple[str, str] | None) -> None:
        if failure is None:
            return
        code, message = failure
        if code == BUDGET_SPENT:
            raise BudgetSpentError(message)
        if not turn.abort.is_set():
            raise TurnFailedError(f"The model {self._model.label} stopped before its end: {code}.")


def _resumable() -> ResumabilityConfig:
    with warnings.catch_warnings():
        # ADK warns that it may change. What is relied on is measured by the tests of turns that are taken up again.
        warnings.filterwarnings("ignore", r"\[EXPERIMENTAL\] ResumabilityConfig", UserWarning)
        return ResumabilityConfig(is_resumable=True)
