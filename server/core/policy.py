"""Whether a tool runs without asking, asks, or never runs; and what the person said "always" to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from server.core.decision import Decision
from server.core.policy_rules import PolicyRule, Rule, is_only_exactly, spoken
from shared.frames import Choice
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

NEVER_ASKS = ("get_weather", "calculate", "get_current_time", "remember", "recall", "update_todos")
RESERVED = frozenset({*NEVER_ASKS, "forget"})
"""Names of the server's own tools: no other tool may run under their rules."""
DEFAULT_RULES: Mapping[str, Rule] = MappingProxyType(dict.fromkeys(NEVER_ASKS, Rule.ALLOW))


@dataclass(slots=True)
class PolicyAnswers:
    """What the person said "always" or "never" to in one conversation. What they allow exactly is a grant, not here."""

    allowed_tools: set[str] = field(default_factory=set)
    rejected_tools: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What happens to a call; ``why`` is there unless it asks."""

    rule: Rule
    why: Decision | None = None


@dataclass
class Policy:
    """The rules of one conversation: those of the policy file, the born ones, and the person's own answers in it.

    Where the file speaks of a call, the born rules do not; where neither does, it asks. A denial of the rules, then of
    the person's, beats all that allows. What asks can be allowed by the person: for this tool in this conversation, or
    by a grant.
    """

    rules: Mapping[str, Rule] = field(default_factory=lambda: DEFAULT_RULES)
    answers: PolicyAnswers = field(default_factory=PolicyAnswers)
    file: tuple[PolicyRule, ...] = ()

    def decide(self, spec: ToolSpec, arguments: JsonObject, *, label: str = "", is_granted: bool = False) -> Ruling:
        """What happens when the tool is asked for on the device of that label; ``is_granted``: a grant covers it."""
        rule = spoken(self.file, spec, arguments, label) or self.rules.get(spec.name, Rule.ASK)
        if rule is Rule.DENY:
            return Ruling(Rule.DENY, Decision.DENIED_BY_POLICY)
        if spec.name in self.answers.rejected_tools:
            return Ruling(Rule.DENY, Decision.REJECTED_BEFORE)
        if rule is Rule.ALLOW:
            return Ruling(Rule.ALLOW, Decision.BY_POLICY)
        if spec.name in self.answers.allowed_tools and not is_only_exactly(spec):
            return Ruling(Rule.ALLOW, Decision.ALLOWED_BEFORE)
        return Ruling(Rule.ALLOW, Decision.BY_GRANT) if is_granted else Ruling(Rule.ASK)

    def remember(self, choice: Choice, spec: ToolSpec) -> None:
        """Keep an "always" answer about a tool; any other leaves no trace here."""
        match choice:
            case Choice.ALLOW_TOOL:
                if not is_only_exactly(spec):
                    self.answers.allowed_tools.add(spec.name)
            case Choice.REJECT_TOOL:
                self.answers.rejected_tools.add(spec.name)
            case Choice.ALLOW_EXACT | Choice.ALLOW_ONCE | Choice.REJECT_ONCE:
                pass
