"""What was decided about a call, where, and the entry of the audit log that says so: never the arguments themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.core.session_key import SessionKey
from shared.frames import Choice
from shared.ids import ToolCallId


class Decision(StrEnum):
    """The values are the words of the audit log."""

    ALLOWED_ONCE = "allowed_once"
    ALLOWED_EXACTLY = "allowed_exactly"
    ALLOWED_TOOL = "allowed_tool"
    ALLOWED_BEFORE = "allowed_before"
    """The person said "this tool in this session" earlier."""
    BY_GRANT = "allowed_by_grant"
    BY_POLICY = "allowed_by_policy"
    REJECTED_ONCE = "rejected_once"
    REJECTED_TOOL = "rejected_tool"
    REJECTED_BEFORE = "rejected_before"
    """The person said "always reject" earlier."""
    DENIED_BY_POLICY = "denied_by_policy"
    NOT_OFFERED = "not_offered"
    UNFIT = "unfit"
    """Allowed with arguments of the person's own that the tool cannot take."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"


CHOSEN = {
    Choice.ALLOW_ONCE: Decision.ALLOWED_ONCE,
    Choice.ALLOW_EXACT: Decision.ALLOWED_EXACTLY,
    Choice.ALLOW_TOOL: Decision.ALLOWED_TOOL,
    Choice.REJECT_ONCE: Decision.REJECTED_ONCE,
    Choice.REJECT_TOOL: Decision.REJECTED_TOOL,
}
"""What a person's answer decides."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The device where something was decided, by id and label, and its connection; empty where none was there."""

    device: str = ""
    label: str = ""
    signature: str = ""


NOWHERE = Whereabouts()


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and where it was made."""

    decision: Decision
    where: Whereabouts


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log. ``at`` is in UTC; ``id`` names it, so that written again it counts once."""

    id: str
    at: datetime
    key: SessionKey
    call_id: ToolCallId
    tool: str
    arguments_hash: str
    decided: Decided
