"""The exact commands, and what a malformed one is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.agent.models.demo_commands import COMMANDS, MARKDOWN, parse_command
from server.agent.models.demo_steps import Call, CallTools, Fail, Loop, Say, Step, Wait

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
CALLS = st.lists(
    st.tuples(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.dictionaries(st.text(), JSON)), min_size=1
)


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ('/tool change_bgm {"track": 1}', CallTools((Call("change_bgm", {"track": 1}),))),
        ("/tool get_location", CallTools((Call("get_location", {}),))),
        ("  /tool   a   {}  ", CallTools((Call("a", {}),))),
        (
            '/tools a {"x": "|"} | b {"y": "} | {"}|c',
            CallTools((Call("a", {"x": "|"}), Call("b", {"y": "} | {"}), Call("c", {}))),
        ),
        ("/stream 3", Say("1 2 3")),
        ("/slow 0.5", Wait(0.5, "I waited 0.5 seconds.")),
        ("/fail", Fail()),
        ('/loop a {"x": 1}', Loop(Call("a", {"x": 1}))),
        ("/markdown", Say(MARKDOWN)),
    ],
)
def test_a_command_is_taken_exactly(message: str, step: Step) -> None:
    assert parse_command(message) == step


@pytest.mark.parametrize("message", ["hello", "tool x {}", "/unknown", "", "/", "/Tool x"])
def test_what_is_no_command_is_left_to_others(message: str) -> None:
    assert parse_command(message) is None


@pytest.mark.parametrize(
    "message",
    [
        "/tool", "/tool {}", "/tool a {", "/tool a [1]", '/tool a {"x": 1} b', "/tool a {} | b {}", "/tools a {} |",
        "/tools | a", "/loop", "/loop a | b", "/stream", "/stream 0", "/stream -1", "/stream x", "/stream 1.5",
        "/stream 100001", "/stream ²", "/slow", "/slow x", "/slow -1", "/slow nan", "/slow inf", "/slow 3601",
        "/fail now", "/markdown please", "/tool a " + '{"x":' * 5000,
    ],
)  # fmt: skip
def test_a_malformed_command_gets_a_sentence_with_the_right_form(message: str) -> None:
    step = parse_command(message)
    assert isinstance(step, Say)
    form = message.partition(" ")[0]
    assert f"Write it as `{form}" in step.text


def test_every_command_that_is_offered_is_understood() -> None:
    assert all(parse_command(f"/{command.name}") is not None for command in COMMANDS)


def test_stream_says_so_many_words() -> None:
    step = parse_command("/stream 1000")
    assert isinstance(step, Say)
    assert len(step.text.split()) == 1000


@given(CALLS)
def test_any_json_comes_through_unchanged(calls: list[tuple[str, dict[str, object]]]) -> None:
    line = " | ".join(f"{name} {json.dumps(arguments, ensure_ascii=False)}" for name, arguments in calls)
    step = parse_command(f"/tools {line}")
    assert isinstance(step, CallTools)
    assert [(call.name, call.arguments) for call in step.calls] == calls


@given(st.text())
def test_no_text_after_a_command_breaks_it(text: str) -> None:
    for command in COMMANDS:
        assert parse_command(f"/{command.name} {text}") is not None
