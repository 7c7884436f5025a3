"""Questions that the person sent to this tab from another device: they are of a conversation that is not held here."""

from __future__ import annotations

from dataclasses import replace

from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, ToolCalled
from shared.ids import SessionId, ToolCallId


class Guests:
    """Gives each of their calls an id of its own, since two conversations may well have calls of one id."""

    def __init__(self) -> None:
        self._asked: set[ToolCallId] = set()
        self._allowed: set[ToolCallId] = set()

    def asked(self, approval: ApprovalAsked) -> ApprovalAsked:
        """The question as the tab is to know it."""
        guest = _guest(approval.session_id, approval.call_id)
        self._asked.add(guest)
        return replace(approval, call_id=guest)

    def answered(self, approval: ApprovalAsked, answer: ApprovalAnswered | None) -> None:
        """The person answered, or the question was closed with ``None``; only what was allowed may run here."""
        guest = _guest(approval.session_id, approval.call_id)
        self._asked.discard(guest)
        if answer is not None and answer.choice is not None and answer.choice.allows:
            self._allowed.add(guest)

    def withdrawn(self, withdrawal: ApprovalWithdrawn) -> ApprovalWithdrawn | None:
        """The withdrawal as the tab is to know it; ``None`` if no such question came from another device."""
        guest = _guest(withdrawal.session_id, withdrawal.call_id)
        return replace(withdrawal, call_id=guest) if guest in self._asked else None

    def admit(self, call: ToolCalled) -> ToolCalled | None:
        """The call as the tab is to know it; ``None`` unless it was allowed here. It may well be sent again."""
        guest = _guest(call.session_id, call.call_id)
        return replace(call, call_id=guest) if guest in self._allowed else None


def _guest(session_id: SessionId, call_id: ToolCallId) -> ToolCallId:
    return ToolCallId(f"{session_id}/{call_id}")
