"""A lasting leave: one person lets one tool run with exactly these arguments in one folder of one device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from server.core.identity import Identity
from shared.json_types import JsonObject

GrantId = NewType("GrantId", str)
"""Names one grant for as long as it lasts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a grant is held against: who asks, where it would run, and what.

    ``folder`` is the working folder of the conversation there. An empty ``device`` or ``folder`` is none.
    """

    identity: Identity
    device: str
    folder: str
    tool: str
    arguments_hash: str


@dataclass(frozen=True, slots=True)
class Grant:
    """``device`` is the id of the device and ``label`` its name; ``folder`` is the working folder there.

    Times are in UTC, by the clock on the wall.
    """

    id: GrantId
    identity: Identity
    device: str
    label: str
    folder: str
    tool: str
    arguments: JsonObject
    arguments_hash: str
    created_at: datetime
    expires_at: datetime

    def covers(self, asked: Asked, now: datetime) -> bool:
        """Whether what is asked may run without a person: the same in everything, and in time.

        A clock that was set back to before the grant was made makes it count for nothing, so whatever the clock does
        it counts within its own lifetime alone.
        """
        is_theirs = asked.identity == self.identity and asked.device == self.device != ""
        is_there = asked.folder == self.folder != ""
        is_this = (asked.tool, asked.arguments_hash) == (self.tool, self.arguments_hash)
        return is_theirs and is_there and is_this and self.lasts(now)

    def lasts(self, now: datetime) -> bool:
        """Whether ``now`` is within its lifetime."""
        return self.created_at <= now < self.expires_at
