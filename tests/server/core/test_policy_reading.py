"""A policy file's rules as they are written, and a sentence for each way to write them wrongly."""

from __future__ import annotations

import tomllib

import pytest

from server.core.policy_reading import PolicyUnreadableError, rules_in
from server.core.policy_rules import PolicyRule, Rule

WHOLE = """
[[rule]]
tool = "get_*"
decision = "ask"

[[rule]]
tool = "write_file"
decision = "allow"
arguments = { path = "/home/ada/notes/*" }
device = "PC"

[[rule]]
tool = "*"
decision = "deny"
device = "TV*"
"""


def test_rules_are_read_in_order_with_all_that_they_say() -> None:
    assert rules_in(tomllib.loads(WHOLE)) == (
        PolicyRule("get_*", Rule.ASK),
        PolicyRule("write_file", Rule.ALLOW, {"path": "/home/ada/notes/*"}, "PC"),
        PolicyRule("*", Rule.DENY, device="TV*"),
    )


def test_an_empty_file_has_no_rules() -> None:
    assert rules_in({}) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[rules]]", "'rules' is not known here. A policy is made of [[rule]] only."),
        ('rule = "x"', "Each rule begins with [[rule]], in two brackets."),
        ("[rule]", "Each rule begins with [[rule]], in two brackets."),
        ("rule = [1]", "Each rule begins with [[rule]], in two brackets."),
        ("[[rule]]", "rule 1: decision is one of allow, ask, deny."),
        ('[[rule]]\ndecision = "Allow"', "rule 1: decision is one of"),
        ("[[rule]]\ndecision = 1", "rule 1: decision is one of"),
        ("[[rule]]\ndecision = []", "rule 1: decision is one of"),
        ('[[rule]]\ndecision = "ask"', "rule 1: tool is a text that is not empty"),
        ('[[rule]]\ndecision = "ask"\ntool = ""', "rule 1: tool is a text that is not empty"),
        ('[[rule]]\ndecision = "ask"\ntool = ["a"]', "rule 1: tool is a text"),
        (
            '[[rule]]\ndecision = "ask"\ntool = "a"\ntools = "b"',
            "rule 1: 'tools' is not known. A rule has tool, decision",
        ),
        ('[[rule]]\ndecision = "ask"\ntool = "a"\narguments = "b"', "rule 1: arguments is a table, such as"),
        ('[[rule]]\ndecision = "ask"\ntool = "a"\narguments = { n = 1 }', "rule 1: the argument n is a text"),
        ('[[rule]]\ndecision = "ask"\ntool = "a"\ndevice = 1', "rule 1: device is a text"),
        (WHOLE + '[[rule]]\ntool = "a"\ndecision = "no"', "rule 4: decision is one of"),
        ('[[rule]]\ntool = "run_command"\ndecision = "allow"', "rule 1: it would allow run_command whatever"),
        ('[[rule]]\ntool = "*_file"\ndecision = "allow"', "rule 1: it would allow write_file whatever"),
        (
            '[[rule]]\ntool = "*"\ndecision = "allow"\narguments = {}',
            "run_command and write_file whatever the arguments",
        ),
    ],
)
def test_what_makes_no_sense_is_a_sentence_that_names_the_rule(text: str, sentence: str) -> None:
    with pytest.raises(PolicyUnreadableError) as caught:
        rules_in(tomllib.loads(text))
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("decision", ["ask", "deny"])
def test_only_what_allows_must_say_with_which_arguments(decision: str) -> None:
    (rule,) = rules_in({"rule": [{"tool": "*", "decision": decision}]})
    assert rule.decision is Rule(decision)
