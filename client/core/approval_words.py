"""What the frame of a question says, and what can be wished for beside the answers. Pure."""

from __future__ import annotations

from enum import StrEnum

from client.core.approval_queue import Waiting
from client.core.visible_text import visible
from shared.frames import ApprovalAsked, Choice

_MINUTE = 60


class Wish(StrEnum):
    """What a person may want of a question before it is answered."""

    DEVICE = "device"
    REASON = "reason"


WISHES: dict[Wish, tuple[str, str]] = {Wish.REASON: ("R", "Reject, why"), Wish.DEVICE: ("d", "Ask device")}
"""Key and label of each, in the order the panel shows them."""


def can_wish(wish: Wish, approval: ApprovalAsked) -> bool:
    """Whether the question allows it; one that was sent here from another device is not passed on."""
    return not approval.asked_by if wish is Wish.DEVICE else Choice.REJECT_ONCE in approval.choices


def heading(device: str, approval: ApprovalAsked, place: int, waiting: int) -> str:
    """Which question of how many, on which device, and whose it is; ``place`` is counted from 0."""
    asker = f", asked by {visible(approval.asked_by, keep='')}" if approval.asked_by else ""
    return f"! Approval {place + 1} of {waiting} on {visible(device, keep='')}{asker}"


def facts(shown: Waiting, now: float, *, has_more: bool, has_focus: bool) -> str:
    """How old the question is and how long it stands, ``now`` in the queue's seconds, and where the keys go."""
    way = "Esc: draft" if has_focus else "Tab to answer"
    more = "↓ more · " if has_more else ""
    return f"{more}{_span(shown.age(now))} ago, {_span(shown.left(now))} left · {way}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), _MINUTE)
    return f"{minutes}:{rest:02}"
