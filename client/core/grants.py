"""What a person lets run unasked, and what was decided about calls, as this side knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """One tool with exactly these arguments in one folder of one device. ``device`` is a label; times are in UTC."""

    id: str
    tool: str
    arguments: JsonObject
    device: str
    folder: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One entry of the audit log. ``device`` is a label, ``connection`` a signature; ``at`` is in UTC."""

    at: datetime
    session_id: str
    call_id: str
    tool: str
    arguments_hash: str
    decision: str
    device: str
    connection: str
