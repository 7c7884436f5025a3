"""The whole script: a message and what its tools gave, and the next step."""

from __future__ import annotations

import pytest

from server.agent.models.demo_reports import ToolResult
from server.agent.models.demo_script import MAX_LOOPS, Turn, next_step
from server.agent.models.demo_steps import Call, CallTools, Say, Wait


def test_anything_else_gets_an_honest_reply_that_echoes_it() -> None:
    step = next_step(Turn("Write me a poem"))
    assert isinstance(step, Say)
    assert "scripted demo model" in step.text
    assert step.text.endswith("Write me a poem")


def test_after_its_tools_it_says_one_sentence_for_each() -> None:
    given = (
        ToolResult("change_bgm", {"success": True, "track": 1}),
        ToolResult("x", {"success": False, "error": "No."}),
    )
    assert next_step(Turn("/tools change_bgm {} | x", given)) == Say("Now playing track 1.\n\nx did not work: No.")


@pytest.mark.parametrize("given", range(MAX_LOOPS))
def test_a_loop_asks_again_until_its_bound(given: int) -> None:
    results = [ToolResult("x", {"success": True})] * given
    assert next_step(Turn("/loop x {}", results)) == CallTools((Call("x", {}),))


def test_a_loop_ends_at_its_bound() -> None:
    assert isinstance(next_step(Turn("/loop x {}", [ToolResult("x", {})] * MAX_LOOPS)), Say)


def test_the_same_turn_always_gets_the_same_step() -> None:
    assert next_step(Turn("/slow 2")) == next_step(Turn("/slow 2")) == Wait(2, "I waited 2 seconds.")
