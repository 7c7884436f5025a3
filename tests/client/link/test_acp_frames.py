"""ACP's updates and questions, read into frames."""

from __future__ import annotations

from typing import Any

import pytest
from acp import schema
from pydantic import TypeAdapter

from client.link.acp_frames import read_question, read_update
from shared.acp_names import META_APPROVAL, META_MESSAGE_ID, META_TOOL_NAME, META_USAGE
from shared.frames import (
    AgentSaid,
    AgentThought,
    Choice,
    Command,
    CommandsOffered,
    TodosChanged,
    ToolChanged,
    ToolStarted,
    Update,
    UsageChanged,
    UserSaid,
)
from shared.ids import MessageId, ToolCallId
from shared.todos import Todo
from shared.usage import TokenUsage

CALL = ToolCallId("c1")


def chunk(kind: str, **more: Any) -> dict[str, Any]:
    return {"sessionUpdate": kind, "content": {"type": "text", "text": "hi"}, **more}


def usage(**told: Any) -> dict[str, Any]:
    return {"sessionUpdate": "usage_update", "used": 5, "size": 100, "_meta": {META_USAGE: told}}


CASES: list[tuple[dict[str, Any], list[Update]]] = [
    (chunk("user_message_chunk", _meta={META_MESSAGE_ID: "m1"}), [UserSaid(MessageId("m1"), "hi")]),
    (chunk("user_message_chunk", messageId="m2"), [UserSaid(MessageId("m2"), "hi")]),
    (chunk("user_message_chunk"), []),
    (chunk("agent_message_chunk"), [AgentSaid("hi")]),
    (chunk("agent_thought_chunk"), [AgentThought("hi")]),
    (
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "image", "data": "", "mimeType": "image/png"}},
        [AgentSaid("[image is not shown here]")],
    ),
    (
        {
            "sessionUpdate": "tool_call",
            "toolCallId": "c1",
            "title": "Read a file",
            "kind": "read",
            "status": "pending",
            "rawInput": {"path": "x"},
            "_meta": {META_TOOL_NAME: "read_file"},
        },
        [ToolStarted(CALL, "read_file", "Read a file", "read", {"path": "x"})],
    ),
    (
        {"sessionUpdate": "tool_call", "toolCallId": "c1", "title": "T", "status": "completed", "rawInput": "x"},
        [ToolStarted(CALL, "T", "T", "other", {"input": "x"}), ToolChanged(CALL, "completed", {})],
    ),
    (
        {"sessionUpdate": "tool_call_update", "toolCallId": "c1", "status": "in_progress", "rawOutput": {"a": 1}},
        [ToolChanged(CALL, "in_progress")],
    ),
    (
        {"sessionUpdate": "tool_call_update", "toolCallId": "c1", "status": "completed", "rawOutput": {"a": 1}},
        [ToolChanged(CALL, "completed", {"a": 1})],
    ),
    (
        {
            "sessionUpdate": "tool_call_update",
            "toolCallId": "c1",
            "status": "failed",
            "content": [{"type": "content", "content": {"type": "text", "text": "no"}}],
        },
        [ToolChanged(CALL, "failed", {"output": "no"})],
    ),
    ({"sessionUpdate": "tool_call_update", "toolCallId": "c1", "title": "New"}, []),
    (
        {
            "sessionUpdate": "available_commands_update",
            "availableCommands": [
                {"name": "tool", "description": "One tool", "input": {"hint": "NAME"}},
                {"name": "fail", "description": "Fail"},
            ],
        },
        [CommandsOffered((Command("tool", "One tool", "NAME"), Command("fail", "Fail")))],
    ),
    ({"sessionUpdate": "usage_update", "used": 5, "size": 100}, [UsageChanged(5, 100)]),
    (
        usage(session={"prompt": 1, "completion": 2, "total": 4}, user={"prompt": 10, "completion": 20, "total": 30}),
        [UsageChanged(5, 100, TokenUsage(1, 2, 4), TokenUsage(10, 20, 30))],
    ),
    (usage(session={"prompt": 1, "completion": 2, "total": 3}), [UsageChanged(5, 100, TokenUsage(1, 2, 3))]),
    (usage(session={"prompt": "many"}, user=None), [UsageChanged(5, 100)]),
    ({"sessionUpdate": "usage_update", "used": 5, "size": 100, "_meta": {META_USAGE: 7}}, [UsageChanged(5, 100)]),
    ({"sessionUpdate": "plan", "entries": []}, [TodosChanged(())]),
    (
        {
            "sessionUpdate": "plan",
            "entries": [
                {"content": "write", "priority": "high", "status": "in_progress"},
                {"content": "rest", "priority": "low", "status": "completed"},
                {"content": "odd", "priority": "utmost", "status": "abandoned"},
            ],
        },
        [TodosChanged((Todo("write", "in_progress", "high"), Todo("rest", "completed", "low")))],
    ),
]


@pytest.mark.parametrize(("sent", "frames"), CASES)
def test_every_kind_of_update_is_read(sent: dict[str, Any], frames: list[Update]) -> None:
    notification = TypeAdapter(schema.SessionNotification).validate_python({"sessionId": "s", "update": sent})
    assert read_update(notification.update, {}) == frames


def test_usage_beside_the_update_counts_as_well() -> None:
    update = schema.UsageUpdate(session_update="usage_update", used=5, size=100)
    meta = {META_USAGE: {"session": {"prompt": 1, "completion": 2, "total": 3}}}
    assert read_update(update, meta) == [UsageChanged(5, 100, TokenUsage(1, 2, 3))]


def options(*kinds: str) -> list[schema.PermissionOption]:
    return [schema.PermissionOption(option_id=f"id-{kind}", name=kind, kind=kind) for kind in kinds]  # type: ignore[arg-type]


def test_a_foreign_agents_options_are_matched_by_their_kind_and_answered_with_their_ids() -> None:
    asked = schema.ToolCallUpdate(tool_call_id="c1", title="Run ls")
    question = read_question("s", asked, options("reject_always", "allow_always", "allow_once", "allow_once"), {}, None)
    assert question.approval.choices == (Choice.REJECT_TOOL, Choice.ALLOW_TOOL, Choice.ALLOW_ONCE)
    assert question.option_ids[Choice.ALLOW_ONCE] == "id-allow_once"
    assert (question.approval.name, question.approval.title) == ("Run ls", "Run ls")


def test_an_option_id_of_ours_counts_more_than_its_kind() -> None:
    ours = [
        schema.PermissionOption(option_id="allow_exact", name="x", kind="allow_always"),
        schema.PermissionOption(option_id="allow_tool", name="x", kind="allow_always"),
    ]
    question = read_question("s", schema.ToolCallUpdate(tool_call_id="c1"), ours, {}, None)
    assert question.option_ids == {Choice.ALLOW_EXACT: "allow_exact", Choice.ALLOW_TOOL: "allow_tool"}


def test_a_question_without_a_name_is_called_by_its_id() -> None:
    question = read_question("s", schema.ToolCallUpdate(tool_call_id="c1"), options("allow_once"), {}, None)
    assert (question.approval.name, question.approval.title, question.approval.arguments) == ("c1", "c1", {})


def test_the_arguments_of_the_question_count_more_than_those_of_the_call() -> None:
    known = ToolStarted(CALL, "read_file", "Read a file", "read", {"path": "harmless"})
    asked = schema.ToolCallUpdate(tool_call_id="c1", raw_input={"path": "secret"})
    meta = {META_APPROVAL: {"name": "read_file", "expiresIn": 5}}
    approval = read_question("s", asked, options("allow_once"), meta, known).approval
    assert (approval.arguments, approval.title, approval.kind) == ({"path": "secret"}, "Read a file", "read")
    assert approval.expires_in == 5
