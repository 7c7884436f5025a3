"""The rules of a policy file, and what they say of one call. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from shared.catalog import FRONTEND_TOOLS
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec


class Rule(Enum):
    """What happens when a tool is asked for."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


STRICTEST_FIRST = (Rule.DENY, Rule.ASK, Rule.ALLOW)
ONLY_EXACTLY = frozenset(spec.name for spec in FRONTEND_TOOLS if spec.only_exactly)
"""Names of tools whose "always" covers the very arguments alone, whatever a client says of its tool of that name."""


def is_only_exactly(spec: ToolSpec) -> bool:
    """Whether an "always" for this tool covers these very arguments alone."""
    return spec.only_exactly or spec.name in ONLY_EXACTLY


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One ``[[rule]]``. ``tool``, the ``arguments`` and ``device``, the label, are globs over the whole text."""

    tool: str
    decision: Rule
    arguments: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None

    def matches(self, spec: ToolSpec, arguments: JsonObject, label: str) -> bool:
        """Whether it speaks of this call on the device of that label.

        An argument that is missing, or is no text, does not match. Where an "always" covers the very arguments alone,
        a rule that allows must name every one that is given: the others change what it does.
        """
        if self.decision is Rule.ALLOW and is_only_exactly(spec) and not self._names_all(arguments):
            return False
        is_there = self.device is None or fnmatchcase(label, self.device)
        return is_there and fnmatchcase(spec.name, self.tool) and self._fits(arguments)

    def _names_all(self, arguments: JsonObject) -> bool:
        return bool(self.arguments) and arguments.keys() <= self.arguments.keys()

    def _fits(self, arguments: JsonObject) -> bool:
        for name, glob in self.arguments.items():
            value = arguments.get(name)
            if not isinstance(value, str) or not fnmatchcase(value, glob):
                return False
        return True


def spoken(rules: Iterable[PolicyRule], spec: ToolSpec, arguments: JsonObject, label: str) -> Rule | None:
    """The strictest of the rules that match, wherever they stand in the file; ``None`` if none does."""
    said = {rule.decision for rule in rules if rule.matches(spec, arguments, label)}
    return next((rule for rule in STRICTEST_FIRST if rule in said), None)
