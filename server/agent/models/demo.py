"""The scripted demo model as ADK sees it: the shell around :func:`next_step`."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncGenerator, Iterable
from typing import assert_never

from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from server.agent.models.demo_reports import ToolResult
from server.agent.models.demo_script import Turn, next_step
from server.agent.models.demo_steps import Call, CallTools, Fail, Say, Wait

_BREATH_EVERY, _BREATH = 25, 0.001
"""After how many words the model pauses, and for how long, in seconds."""

_WORD = re.compile(r"\s*\S+\s*")


class ScriptedFailureError(Exception):
    """What ``/fail`` asks for."""


class DemoModel(BaseLlm):
    """Deterministic but for the ids of its calls. Its ``usage_metadata`` counts words, not tokens."""

    model: str = "demo"

    async def generate_content_async(
        self,
        llm_request: LlmRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - ADK's signature
    ) -> AsyncGenerator[LlmResponse, None]:
        """One response; with ``stream``, its words come before it as partial ones.

        Raises:
            ScriptedFailureError: if the person wrote ``/fail``.
        """
        step = next_step(_turn_of(llm_request.contents))
        match step:
            case CallTools(calls):
                parts = [_call_part(call) for call in calls]
                yield _final(llm_request, parts, words=len(parts))
                return
            case Fail():
                raise ScriptedFailureError("the scripted model was asked to fail")
            case Wait(seconds, text):
                await asyncio.sleep(seconds)
            case Say(text):
                pass
            case _:
                assert_never(step)
        words = _WORD.findall(text)
        if stream:
            for count, word in enumerate(words, start=1):
                yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text=word)]), partial=True)
                # No model speaks without a pause. Without one, the others' database threads hardly ever get a turn.
                await asyncio.sleep(0 if count % _BREATH_EVERY else _BREATH)
        yield _final(llm_request, [types.Part(text=text)], words=len(words))


def _turn_of(contents: list[types.Content]) -> Turn:
    results: list[ToolResult] = []
    for content in reversed(contents):
        parts = content.parts or []
        if content.role != "user":
            continue
        answers = [part.function_response for part in parts if part.function_response is not None]
        if answers:
            results[:0] = [ToolResult(answer.name or "", answer.response or {}) for answer in answers]
            continue
        return Turn("".join(part.text or "" for part in parts), results)
    return Turn("", results)


def _call_part(call: Call) -> types.Part:
    call_id = f"demo-{uuid.uuid4()}"
    return types.Part(function_call=types.FunctionCall(id=call_id, name=call.name, args=call.arguments))


def _final(request: LlmRequest, parts: list[types.Part], *, words: int) -> LlmResponse:
    prompt = sum(_count_words(content.parts or []) for content in request.contents)
    usage = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=prompt, candidates_token_count=words, total_token_count=prompt + words
    )
    return LlmResponse(content=types.Content(role="model", parts=parts), partial=False, usage_metadata=usage)


def _count_words(parts: Iterable[types.Part]) -> int:
    return sum(len((part.text or "").split()) for part in parts)
