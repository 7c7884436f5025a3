"""Who asks: the rules that a conversation is born with."""

from __future__ import annotations

import pytest

from server.core.canonical import arguments_hash
from server.core.policy import Policy, PolicyAnswers, Rule
from shared.catalog import FRONTEND_TOOLS

ASKS = [*(spec.name for spec in FRONTEND_TOOLS), "forget", "a_tool_nobody_knows", ""]
NEVER_ASKS = ["get_weather", "calculate", "get_current_time", "remember", "recall", "update_todos"]


@pytest.mark.parametrize("name", ASKS)
def test_frontend_and_unknown_tools_ask(name: str) -> None:
    assert Policy().decide(name, "") is Rule.ASK


@pytest.mark.parametrize("name", NEVER_ASKS)
def test_harmless_backend_tools_never_ask(name: str) -> None:
    assert Policy().decide(name, "") is Rule.ALLOW


def test_two_conversations_share_no_answers() -> None:
    first, second = Policy(), Policy()
    first.answers.allowed_tools.add("change_bgm")
    assert second.decide("change_bgm", "") is Rule.ASK


def test_a_denied_tool_stays_denied_whatever_was_allowed() -> None:
    policy = Policy({"change_bgm": Rule.DENY}, PolicyAnswers(allowed_tools={"change_bgm"}))
    assert policy.decide("change_bgm", "") is Rule.DENY


def test_equal_arguments_have_equal_hashes_in_any_order_of_keys() -> None:
    assert arguments_hash({"a": 1, "b": [True, None]}) == arguments_hash({"b": [True, None], "a": 1})


def test_different_arguments_have_different_hashes() -> None:
    variants = [{"a": 1}, {"a": "1"}, {"a": True}, {"a": 1.5}, {"a": [1]}, {"b": 1}, {}, {"a": None}]
    assert len({arguments_hash(arguments) for arguments in variants}) == len(variants)  # type: ignore[arg-type]
