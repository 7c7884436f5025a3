"""Who asks: the born rules, the policy file's, the person's own answers, and what beats what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.core.canonical import arguments_hash
from server.core.decision import Decision
from server.core.policy import Policy, PolicyAnswers, Ruling
from server.core.policy_rules import PolicyRule, Rule
from shared.catalog import FRONTEND_TOOLS
from shared.frames import Choice
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

ASKS = [*(spec.name for spec in FRONTEND_TOOLS), "forget", "a_tool_nobody_knows", ""]
NEVER_ASKS = ["get_weather", "calculate", "get_current_time", "remember", "recall", "update_todos"]


def spec(name: str, *, only_exactly: bool = False) -> ToolSpec:
    return ToolSpec(name, name, name, {"type": "object"}, only_exactly=only_exactly)


def rule_for(policy: Policy, name: str, arguments: JsonObject | None = None, **how: Any) -> Rule:
    return policy.decide(spec(name), arguments or {}, **how).rule


@pytest.mark.parametrize("name", ASKS)
def test_frontend_and_unknown_tools_ask(name: str) -> None:
    assert rule_for(Policy(), name) is Rule.ASK


@pytest.mark.parametrize("name", NEVER_ASKS)
def test_harmless_backend_tools_never_ask(name: str) -> None:
    assert rule_for(Policy(), name) is Rule.ALLOW


def test_two_conversations_share_no_answers() -> None:
    first, second = Policy(), Policy()
    first.answers.allowed_tools.add("change_bgm")
    assert rule_for(second, "change_bgm") is Rule.ASK


ALLOWED = PolicyAnswers(allowed_tools={"change_bgm"})
REJECTED = PolicyAnswers(allowed_tools={"change_bgm"}, rejected_tools={"change_bgm"})
ANY = {rule: PolicyRule("*_bgm", rule) for rule in Rule}


@pytest.mark.parametrize(
    ("file", "answers", "is_granted", "ruling"),
    [
        ((), PolicyAnswers(), False, Ruling(Rule.ASK)),
        ((), PolicyAnswers(), True, Ruling(Rule.ALLOW, Decision.BY_GRANT)),
        ((), ALLOWED, True, Ruling(Rule.ALLOW, Decision.ALLOWED_BEFORE)),
        ((), REJECTED, True, Ruling(Rule.DENY, Decision.REJECTED_BEFORE)),
        ((Rule.ALLOW,), PolicyAnswers(), False, Ruling(Rule.ALLOW, Decision.BY_POLICY)),
        ((Rule.ALLOW,), REJECTED, True, Ruling(Rule.DENY, Decision.REJECTED_BEFORE)),
        ((Rule.ALLOW, Rule.ASK), PolicyAnswers(), False, Ruling(Rule.ASK)),
        ((Rule.ALLOW, Rule.ASK), PolicyAnswers(), True, Ruling(Rule.ALLOW, Decision.BY_GRANT)),
        ((Rule.ASK,), ALLOWED, False, Ruling(Rule.ALLOW, Decision.ALLOWED_BEFORE)),
        ((Rule.ALLOW, Rule.DENY, Rule.ASK), ALLOWED, True, Ruling(Rule.DENY, Decision.DENIED_BY_POLICY)),
        ((Rule.DENY,), REJECTED, True, Ruling(Rule.DENY, Decision.DENIED_BY_POLICY)),
    ],
)
def test_a_denial_beats_all_and_what_asks_can_be_allowed_by_the_person(
    file: tuple[Rule, ...], answers: PolicyAnswers, is_granted: bool, ruling: Ruling
) -> None:
    policy = Policy(answers=answers, file=tuple(ANY[rule] for rule in file))
    assert policy.decide(spec("change_bgm"), {}, is_granted=is_granted) == ruling


@pytest.mark.parametrize("name", ["get_weather", "forget"])
@pytest.mark.parametrize("rule", Rule)
def test_the_file_speaks_of_the_servers_own_tools_too(name: str, rule: Rule) -> None:
    assert rule_for(Policy(file=(PolicyRule(name, rule),)), name) is rule


@pytest.mark.parametrize("tool", [spec("run_command"), spec("write_file"), spec("other", only_exactly=True)])
def test_a_tool_that_is_allowed_only_exactly_is_allowed_as_such_by_nothing(tool: ToolSpec) -> None:
    before = Policy(answers=PolicyAnswers(allowed_tools={tool.name}), file=(PolicyRule("*", Rule.ALLOW),))
    assert before.decide(tool, {"command": "ls"}).rule is Rule.ASK
    before.answers.allowed_tools.clear()
    before.remember(Choice.ALLOW_TOOL, tool)
    assert before.answers == PolicyAnswers()
    named = Policy(file=(PolicyRule("*", Rule.ALLOW, {"command": "ls*"}),))
    assert named.decide(tool, {"command": "ls -l"}).rule is Rule.ALLOW
    assert named.decide(tool, {"command": "rm -l"}).rule is Rule.ASK


@pytest.mark.parametrize("tool", [spec("run_command"), spec("write_file"), spec("other", only_exactly=True)])
def test_a_rule_allows_such_a_tool_only_with_the_arguments_that_it_names(tool: ToolSpec) -> None:
    hostile: JsonObject = {"command": "git status", "cwd": "/tmp/cloned"}
    short = PolicyRule(tool.name, Rule.ALLOW, {"command": "git status"})
    full = PolicyRule(tool.name, Rule.ALLOW, {"command": "git status", "cwd": "/home/ada/project"})
    for rule in (short, full):
        assert Policy(file=(rule,)).decide(tool, hostile).rule is Rule.ASK
    assert Policy(file=(short,)).decide(tool, {"command": "git status", "timeout": 1}).rule is Rule.ASK
    assert Policy(file=(full,)).decide(tool, {**hostile, "cwd": "/home/ada/project"}).rule is Rule.ALLOW
    for decision in (Rule.ASK, Rule.DENY):
        rules = (PolicyRule(tool.name, Rule.ALLOW, {"command": "*", "cwd": "*"}), replace(short, decision=decision))
        assert Policy(file=rules).decide(tool, hostile).rule is decision, "what forbids need not name them all"


@pytest.mark.parametrize(
    ("arguments", "globs", "does_match"),
    [
        ({"a": "x"}, {}, True),
        ({"a": "x"}, {"a": "x"}, True),
        ({"a": "xy"}, {"a": "x"}, False),
        ({"a": "yx"}, {"a": "x"}, False),
        ({"a": "x\ny"}, {"a": "x*"}, True),
        ({"a": "X"}, {"a": "x"}, False),
        ({"a": 1}, {"a": "*"}, False),
        ({"a": None}, {"a": "*"}, False),
        ({}, {"a": "*"}, False),
        ({"a": "x"}, {"a": "x", "b": "*"}, False),
        ({"a": "x", "b": ""}, {"a": "x", "b": "*"}, True),
    ],
)
def test_a_rule_matches_whole_texts_and_each_argument_it_names(
    arguments: JsonObject, globs: dict[str, str], does_match: bool
) -> None:
    policy = Policy(file=(PolicyRule("t?ol", Rule.DENY, globs),))
    assert (rule_for(policy, "tool", arguments) is Rule.DENY) is does_match
    assert rule_for(policy, "my_tool", arguments) is Rule.ASK


def test_a_rule_may_speak_of_devices_by_their_label() -> None:
    policy = Policy(file=(PolicyRule("tool", Rule.DENY, device="TV*"),))
    assert rule_for(policy, "tool", label="TV in the room") is Rule.DENY
    assert rule_for(policy, "tool", label="PC") is Rule.ASK


def test_equal_arguments_have_equal_hashes_in_any_order_of_keys() -> None:
    assert arguments_hash({"a": 1, "b": [True, None]}) == arguments_hash({"b": [True, None], "a": 1})


def test_different_arguments_have_different_hashes() -> None:
    variants = [{"a": 1}, {"a": "1"}, {"a": True}, {"a": 1.0}, {"a": 1.5}, {"a": [1]}, {"b": 1}, {}, {"a": None}]
    assert len({arguments_hash(arguments) for arguments in variants}) == len(variants)  # type: ignore[arg-type]
