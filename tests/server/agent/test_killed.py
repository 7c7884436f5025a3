"""Turns of a process that was killed with SIGKILL go on in another one, from where ADK's events end."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.genai import types

from server.agent.history import WindowedHistory
from server.agent.models import demo
from server.agent.models.demo_script import Turn
from server.core.desk_events import Requested
from server.core.refusal import refusal
from server.core.verdict import Given, Go, Verdict
from shared.frames import AnswerRestarted
from shared.json_types import JsonObject
from tests.server.agent.dying_server import REACHED, WORDS
from tests.server.agent.stopped_turns import ApprovalsForTests, Screen, agent_of, events_of, play, shape, turn_of
from tests.server.agent.talks import unanswered
from tests.server.tab_for_tests import TabForTests

TWO_CALLS = '/tools calculate {"expression": "6*7"} | change_bgm {"track": 1}'


@dataclass
class Left:
    """What the killed process left behind, beside ADK's events: what was told, and the results by call."""

    screen: Screen
    results: dict[str, JsonObject]

    async def answer(self, request: Requested) -> Verdict:
        given = self.results.get(request.call_id)
        return Go(request.arguments) if given is None else Given(given)


async def killed(folder: Path, text: str, where: str) -> Left:
    """Begin a turn in another process, and kill it when it comes to ``where``."""
    kept = folder / "kept.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.server.agent.dying_server",
        str(folder / "ringback.db"),
        str(kept),
        text,
        where,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert (await process.stdout.readline()).decode().strip() == REACHED
    finally:
        process.kill()
        await process.wait()
    lines = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    said = "".join(line["said"] for line in lines if "said" in line)
    return Left(Screen(said), {line["settled"]: line["result"] for line in lines if "settled" in line})


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[list[types.Content]]:
    """What the model is asked from now on."""
    asked: list[list[types.Content]] = []
    turn_of_contents = demo._turn_of

    def keep(contents: list[types.Content]) -> Turn:
        asked.append(contents)
        return turn_of_contents(contents)

    monkeypatch.setattr(demo, "_turn_of", keep)
    return asked


async def see_that_a_later_turn_has_a_clean_prompt(
    history: WindowedHistory, prompts: list[list[types.Content]], before: list[str]
) -> None:
    """``before``: the roles that the earlier turn has in the prompt."""
    prompts.clear()
    later = await play(agent_of(history), await turn_of("hello", message_id="message-2"))
    assert later.said.endswith("You said: hello")
    ((*earlier, last),) = prompts
    assert [content.role for content in earlier] == before
    assert all(content.parts for content in earlier)
    assert last.parts is not None
    assert last.parts[0].text == "hello"
    asked = [part.function_call.id for content in earlier for part in content.parts or [] if part.function_call]
    given = [part.function_response.id for content in earlier for part in content.parts or [] if part.function_response]
    assert sorted(map(str, asked)) == sorted(map(str, given))


async def test_while_the_model_speaks(
    tmp_path: Path, history: WindowedHistory, prompts: list[list[types.Content]]
) -> None:
    left = await killed(tmp_path, "/stream 200", "while the model speaks")
    assert len(left.screen.said.split()) == WORDS
    assert shape(await events_of(history)) == ["message"]
    screen = await play(agent_of(history), await turn_of("/stream 200", told=left.screen.told), left.screen)
    assert screen.restarts == [AnswerRestarted(0, 0)]
    assert screen.said == " ".join(str(number) for number in range(1, 201))
    assert shape(await events_of(history)) == ["message", "answer", "end"]
    await see_that_a_later_turn_has_a_clean_prompt(history, prompts, ["user", "model"])


async def test_with_two_parallel_calls_of_which_one_was_settled(
    tmp_path: Path, history: WindowedHistory, prompts: list[list[types.Content]]
) -> None:
    left = await killed(tmp_path, TWO_CALLS, "at the gate")
    assert shape(await events_of(history)) == ["message", "calls calculate change_bgm"]
    assert [*left.results.values()] == [{"success": True, "expression": "6*7", "result": 42}]
    (calls,) = [event.get_function_calls() for event in await events_of(history) if event.get_function_calls()]
    approvals, tab = ApprovalsForTests(left.answer), TabForTests()
    turn = await turn_of(TWO_CALLS, told=left.screen.told, approvals=approvals, tab=tab)
    screen = await play(agent_of(history), turn, left.screen)
    assert {request.call_id for request in approvals.requested} == {call.id for call in calls}
    assert len(approvals.requested) == 2
    assert {(request.occurrence, request.spec.name, request.is_frontend) for request in approvals.requested} == {
        (1, "calculate", False),
        (1, "change_bgm", True),
    }
    assert [call.name for call in tab.called] == ["change_bgm"], "in the tab that has it now"
    assert len(approvals.settled) == 1, "the other one was settled before"
    assert (screen.restarts, screen.said) == ([], "6*7 = 42\n\nNow playing track 1.")
    events = await events_of(history)
    assert shape(events) == [
        "message",
        "calls calculate change_bgm",
        "results calculate change_bgm",
        "answer",
        "end",
    ]
    assert unanswered(events) == set()
    await see_that_a_later_turn_has_a_clean_prompt(history, prompts, ["user", "model", "user", "model"])


async def test_while_a_tool_runs(tmp_path: Path, history: WindowedHistory, prompts: list[list[types.Content]]) -> None:
    left = await killed(tmp_path, "/tool dawdle {}", "in a tool")
    assert left.results == {}

    async def in_doubt(_: Requested) -> Verdict:
        return Given(refusal("The tool may have run."))

    approvals = ApprovalsForTests(in_doubt)
    turn = await turn_of("/tool dawdle {}", told=left.screen.told, approvals=approvals)
    screen = await play(agent_of(history), turn, left.screen)
    assert [request.spec.name for request in approvals.requested] == ["dawdle"]
    assert approvals.settled == []
    assert "The tool may have run." in screen.said
    events = await events_of(history)
    assert shape(events) == ["message", "calls dawdle", "results dawdle", "answer", "end"]
    assert unanswered(events) == set()
    await see_that_a_later_turn_has_a_clean_prompt(history, prompts, ["user", "model", "user", "model"])


@pytest.mark.parametrize("missed", [0, 7])
async def test_after_the_answer_was_stored(
    tmp_path: Path, history: WindowedHistory, prompts: list[list[types.Content]], missed: int
) -> None:
    text = '/tool calculate {"expression": "6*7"}'
    left = await killed(tmp_path, text, "after the answer")
    complete = left.screen.said
    left.screen.said = complete[: len(complete) - missed]
    screen = await play(agent_of(history), await turn_of(text, told=left.screen.told), left.screen)
    assert (screen.restarts, screen.said) == ([], complete)
    assert prompts == [], "the model answered before"
    assert shape(await events_of(history)) == ["message", "calls calculate", "results calculate", "answer"]
    await see_that_a_later_turn_has_a_clean_prompt(history, prompts, ["user", "model", "user", "model"])
