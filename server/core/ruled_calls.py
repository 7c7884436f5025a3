"""The open calls of a turn under a policy: what the rules, the person's own answers and their grants say of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.core.canonical import arguments_hash
from server.core.decision import Decision, Whereabouts
from server.core.desk_call import Call, hindrance
from server.core.desk_events import Answered, Requested
from server.core.grant import Asked
from server.core.identity import Identity
from server.core.open_calls import OpenCalls
from server.core.policy import Policy, Ruling
from server.core.policy_rules import Rule


@dataclass(kw_only=True)
class RuledCalls(OpenCalls):
    """Rules may speak of a device, so each ruling is for the place where the conversation is held. Pure."""

    policy: Policy = field(default_factory=Policy)

    def ruling(self, call: Call, *, is_granted: bool = False) -> Ruling:
        """What happens to ``call``, here and now."""
        return self.policy.decide(call.spec, call.arguments, label=self.label, is_granted=is_granted)

    def may_be_granted(self, event: Requested, identity: Identity, folder: str) -> Asked | None:
        """What a grant of that person's must cover for the call to run unasked; ``None`` if none can matter.

        ``folder`` is the working folder on the device that holds the conversation, empty if that is not known.
        """
        rule = self.policy.decide(event.spec, event.arguments, label=self.label).rule
        if not self.device or not folder or rule is not Rule.ASK:
            return None
        return Asked(identity, self.device, folder, event.spec.name, arguments_hash(event.arguments))

    def where(self, event: Answered) -> Whereabouts:
        """Where the answer was given, and a frontend tool would run."""
        return Whereabouts(event.device, event.label, event.signature) if event.device else self.here

    def barred(self, call: Call, where: Whereabouts) -> str:
        """Why ``call`` does not run there whatever the person says, a sentence; empty if it may.

        A rule speaks of the arguments that would run and of the device where they would, whatever was asked.
        """
        why = self.policy.decide(call.spec, call.arguments, label=where.label).why
        is_denied = why is Decision.DENIED_BY_POLICY
        return call.hindrance or (hindrance(call.spec.name, Rule.DENY, is_offered=True) if is_denied else "")
