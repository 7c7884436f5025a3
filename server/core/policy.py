"""Whether a tool runs without asking, asks, or never runs; and what the person said "always" to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from shared.frames import Choice


class Rule(Enum):
    """What happens when a tool is asked for."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


NEVER_ASKS = ("get_weather", "calculate", "get_current_time", "remember", "recall", "update_todos")
RESERVED = frozenset({*NEVER_ASKS, "forget"})
"""Names of the server's own tools: no other tool may run under their rules."""
DEFAULT_RULES: Mapping[str, Rule] = MappingProxyType(dict.fromkeys(NEVER_ASKS, Rule.ALLOW))


@dataclass(slots=True)
class PolicyAnswers:
    """What the person said "always" or "never" to in one conversation: tools, and calls by their arguments' hash."""

    allowed_tools: set[str] = field(default_factory=set)
    allowed_exactly: set[tuple[str, str]] = field(default_factory=set)
    rejected_tools: set[str] = field(default_factory=set)


@dataclass
class Policy:
    """The rules of one conversation: those it was born with, and the person's own "always" answers in it.

    A tool without a rule asks. "Never" beats "always", and both beat the born rules, except a born ``DENY``.
    """

    rules: Mapping[str, Rule] = field(default_factory=lambda: DEFAULT_RULES)
    answers: PolicyAnswers = field(default_factory=PolicyAnswers)

    def decide(self, tool_name: str, arguments_hash: str) -> Rule:
        """What happens when ``tool_name`` is asked for with the arguments of that hash."""
        rule = self.rules.get(tool_name, Rule.ASK)
        if rule is Rule.DENY or tool_name in self.answers.rejected_tools:
            return Rule.DENY
        if tool_name in self.answers.allowed_tools or (tool_name, arguments_hash) in self.answers.allowed_exactly:
            return Rule.ALLOW
        return rule

    def remember(self, choice: Choice, tool_name: str, arguments_hash: str) -> None:
        """Keep an "always" answer; a "once" answer leaves no trace."""
        match choice:
            case Choice.ALLOW_TOOL:
                self.answers.allowed_tools.add(tool_name)
            case Choice.ALLOW_EXACT:
                self.answers.allowed_exactly.add((tool_name, arguments_hash))
            case Choice.REJECT_TOOL:
                self.answers.rejected_tools.add(tool_name)
            case Choice.ALLOW_ONCE | Choice.REJECT_ONCE:
                pass
