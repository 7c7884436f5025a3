"""How API keys are listed: for people as a table, for programs as JSON. Nothing secret is in either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from server.core.api_key import ApiKey
from shared.json_types import JsonObject

HEADINGS = ("ID", "USER", "TENANT", "SCOPES", "MADE", "ENDS", "STATE", "LABEL")

KeyState: TypeAlias = Literal["open", "expired", "revoked"]


def key_state(key: ApiKey, now: datetime) -> KeyState:
    """Whether the key opens at ``now`` (in UTC), and why not."""
    if key.revoked_at is not None:
        return "revoked"
    return "open" if key.opens(now) else "expired"


def as_json(keys: Sequence[ApiKey], now: datetime) -> list[JsonObject]:
    """One object for each key; times are ISO 8601 in UTC, ``null`` where there is none."""
    return [
        {
            "id": key.id,
            "tenant": key.identity.tenant,
            "user": key.identity.user_id,
            "scopes": [*sorted(key.scopes)],
            "label": key.label,
            "created_at": key.created_at.isoformat(timespec="seconds"),
            "expires_at": None if key.expires_at is None else key.expires_at.isoformat(timespec="seconds"),
            "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(timespec="seconds"),
            "state": key_state(key, now),
        }
        for key in keys
    ]


def as_table(keys: Sequence[ApiKey], now: datetime) -> str:
    """One line for each key under a line of headings; days are in UTC."""
    rows = [HEADINGS, *(_row(key, now) for key in keys)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(key: ApiKey, now: datetime) -> tuple[str, ...]:
    return (
        key.id,
        key.identity.user_id,
        key.identity.tenant,
        " ".join(sorted(key.scopes)),
        f"{key.created_at:%Y-%m-%d}",
        "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d}",
        key_state(key, now),
        key.label,
    )
