"""The scripted model as ADK calls it."""

from __future__ import annotations

import pytest
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from server.agent.models.demo import DemoModel, ScriptedFailureError


def text_of(response: LlmResponse) -> str:
    assert response.content is not None
    return "".join(part.text or "" for part in response.content.parts or [])


async def responses(*messages: str, stream: bool) -> list[LlmResponse]:
    contents = [types.Content(role="user", parts=[types.Part(text=message)]) for message in messages]
    return [response async for response in DemoModel().generate_content_async(LlmRequest(contents=contents), stream)]


async def test_streaming_gives_the_words_and_then_the_whole() -> None:
    *words, final = await responses("/markdown", stream=True)
    assert all(word.partial for word in words)
    assert "".join(text_of(word) for word in words) == text_of(final)
    assert final.partial is False


async def test_without_streaming_there_is_one_response_and_it_is_the_same() -> None:
    (only,) = await responses("hello", stream=False)
    assert only.partial is False
    assert text_of(only) == text_of((await responses("hello", stream=True))[-1])


async def test_usage_counts_words_of_the_prompt_and_of_the_answer() -> None:
    final = (await responses("one two", "/stream 7", stream=True))[-1]
    assert final.usage_metadata is not None
    assert final.usage_metadata.prompt_token_count == 4
    assert final.usage_metadata.candidates_token_count == 7
    assert final.usage_metadata.total_token_count == 11


@pytest.mark.parametrize("stream", [True, False])
async def test_calls_come_in_one_response_with_ids_of_their_own(stream: bool) -> None:
    given = await responses('/tools a {"x": 1} | a {"x": 1}', stream=stream)
    again = await responses('/tools a {"x": 1} | a {"x": 1}', stream=stream)
    calls = []
    for (response,) in (given, again):
        assert response.content is not None
        calls += [part.function_call for part in response.content.parts or [] if part.function_call]
    assert [(call.name, call.args) for call in calls] == [("a", {"x": 1})] * 4
    assert len({call.id for call in calls}) == 4


async def test_failing_raises() -> None:
    with pytest.raises(ScriptedFailureError):
        await responses("/fail", stream=True)


async def test_an_earlier_turns_results_are_not_this_turns() -> None:
    ask = types.Part(function_call=types.FunctionCall(id="1", name="notify", args={}))
    give = types.Part(function_response=types.FunctionResponse(id="1", name="notify", response={"success": True}))
    contents = [
        types.Content(role="user", parts=[types.Part(text="notify me: x")]),
        types.Content(role="model", parts=[ask]),
        types.Content(role="user", parts=[give]),
        types.Content(role="model", parts=[types.Part(text="The notice was shown.")]),
        types.Content(role="user", parts=[types.Part(text="/tool notify {}")]),
    ]
    (response,) = [r async for r in DemoModel().generate_content_async(LlmRequest(contents=contents))]
    assert response.content is not None
    assert response.content.parts is not None
    assert response.content.parts[0].function_call is not None
