"""What stands in a policy file, as rules; or a sentence that says which rule is wrong, and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from server.core.policy_rules import ONLY_EXACTLY, PolicyRule, Rule

FIELDS = ("tool", "decision", "arguments", "device")


class PolicyUnreadableError(ValueError):
    """The file says something that cannot be done; ``str(error)`` is a sentence without the file's name."""


def rules_in(table: Mapping[str, Any]) -> tuple[PolicyRule, ...]:
    """The rules of a file that was parsed as TOML.

    Raises:
        PolicyUnreadableError: if there is anything but rules in it, or one of them makes no sense.
    """
    unknown = sorted(set(table) - {"rule"})
    if unknown:
        raise PolicyUnreadableError(f"{unknown[0]!r} is not known here. A policy is made of [[rule]] only.")
    rules = table.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise PolicyUnreadableError("Each rule begins with [[rule]], in two brackets.")
    return tuple(_rule(number, rule) for number, rule in enumerate(rules, 1))


def _rule(number: int, told: Mapping[str, Any]) -> PolicyRule:
    unknown = sorted(set(told) - set(FIELDS))
    if unknown:
        raise _wrong(number, f"{unknown[0]!r} is not known. A rule has {', '.join(FIELDS)}.")
    words = [rule.value for rule in Rule]
    if told.get("decision") not in words:
        raise _wrong(number, f"decision is one of {', '.join(words)}.")
    tool = _glob(number, "tool", told.get("tool"))
    arguments = told.get("arguments", {})
    if not isinstance(arguments, dict):
        raise _wrong(number, 'arguments is a table, such as { path = "/home/ada/notes/*" }.')
    globs = {name: _glob(number, f"the argument {name}", glob) for name, glob in arguments.items()}
    device = _glob(number, "device", told["device"]) if "device" in told else None
    rule = PolicyRule(tool, Rule(told["decision"]), globs, device)
    covered = [name for name in sorted(ONLY_EXACTLY) if fnmatchcase(name, tool)]
    if rule.decision is Rule.ALLOW and covered and not globs:
        raise _wrong(
            number,
            f"it would allow {' and '.join(covered)} whatever the arguments are. Say which arguments.",
        )
    return rule


def _glob(number: int, what: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(number, f"{what} is a text that is not empty; * stands for anything in it.")
    return value


def _wrong(number: int, sentence: str) -> PolicyUnreadableError:
    return PolicyUnreadableError(f"rule {number}: {sentence}")
