"""Every kind of update is kept as it is."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from server.storage.update_json import NESTED, PLAIN, decode_updates, encode_update
from shared.frames import (
    AgentSaid,
    AgentThought,
    AnswerRestarted,
    Command,
    CommandsOffered,
    Problem,
    TodosChanged,
    ToolChanged,
    ToolStarted,
    TurnEnded,
    Update,
    UsageChanged,
    UserSaid,
)
from shared.ids import MessageId, ToolCallId
from shared.json_types import JsonObject
from shared.todos import Todo
from shared.usage import TokenUsage

HARD = "\0 \ud800 é 😀 \" \\ \u2028 ' %"
ARGUMENTS: JsonObject = {HARD: [1, 1.0, True, None, 2**70, -0.0, {"nested": {"": HARD}}]}

EXAMPLES: tuple[Update, ...] = (
    UserSaid(MessageId(HARD), HARD),
    AgentSaid(HARD),
    AgentThought(""),
    AnswerRestarted(7, 0),
    ToolStarted(ToolCallId(HARD), "write_file", "Write a file", "edit", ARGUMENTS),
    ToolChanged(ToolCallId("1"), "in_progress"),
    ToolChanged(ToolCallId("1"), "completed", ARGUMENTS),
    CommandsOffered(()),
    CommandsOffered((Command("tool", "Runs a tool", "NAME {json}"), Command("fail", HARD))),
    UsageChanged(1, 2),
    UsageChanged(1, 2**62, TokenUsage(1, 2, 3), TokenUsage(4, 5, 6)),
    TodosChanged((Todo(HARD, "in_progress", "high"), Todo(""))),
    TurnEnded(MessageId("1"), "end_turn"),
    TurnEnded(MessageId(HARD), "refusal", Problem(-32000, HARD)),
)


@pytest.mark.parametrize("update", EXAMPLES, ids=lambda update: type(update).__name__)
def test_an_update_comes_back_as_it_was_and_is_kept_in_ascii(update: Update) -> None:
    text = encode_update(update)
    assert text.isascii()
    assert "\0" not in text
    assert repr(decode_updates(f"[{text}]")) == repr([update])


def test_updates_come_back_in_their_order() -> None:
    assert decode_updates(f"[{','.join(encode_update(update) for update in EXAMPLES)}]") == list(EXAMPLES)


def test_no_kind_of_update_is_forgotten() -> None:
    kinds = set(get_args(Update))
    assert {*PLAIN.values(), *NESTED.values()} == kinds
    assert {type(update) for update in EXAMPLES} == kinds


@pytest.mark.parametrize("kind", PLAIN.values())
def test_those_kept_as_they_are_hold_no_dataclass(kind: type) -> None:
    for update in EXAMPLES:
        if type(update) is kind:
            assert not any(dataclasses.is_dataclass(getattr(update, name)) for name in kind.__slots__)
