"""How grants and the log of decisions are written for a person: in full, and with nothing hidden in them."""

from __future__ import annotations

from datetime import datetime, tzinfo

from client.core.argument_text import shown_arguments
from client.core.grants import HeldGrant, LoggedDecision
from client.core.visible_text import visible
from shared.json_types import JsonObject, JsonValue

ABOUT = (
    "What runs without asking you: this tool, with exactly these arguments, on this device, in all your conversations "
    "in this folder."
)
EMPTY = (
    "Nothing runs unasked because of you.\n\n"
    "When a tool asks, A allows it always with exactly these arguments in the folder and on the device where you say "
    "so. What you allowed like that stands here until it is over or you take it back."
)
NOTHING_TO_REVOKE = "There is nothing to take back."
REVOKE_ALL = "Take back all that runs unasked?"
REVOKE_ALL_LOSS = "Each of these calls asks you again from now on."
YES = "Take it all back"
NO = "Keep it"
NONE = "Nothing runs unasked because of you."
NO_LOG = "Nothing was decided yet."
HASH_SHOWN = 12
"""How many digits of an arguments' hash a line of the log shows."""


def heading(grant: HeldGrant) -> str:
    """The tool, on which device, and in which folder."""
    device = visible(grant.device, keep="") or "a device without a name"
    return f"{visible(grant.tool, keep='')} on {device}, in {visible(grant.folder, keep='')}"


def period(grant: HeldGrant, zone: tzinfo | None = None) -> str:
    """Since which day and until which, in ``zone`` or where the person is."""
    return f"since {_day(grant.created_at, zone)}, until {_day(grant.expires_at, zone)}"


def argument_lines(grant: HeldGrant) -> tuple[str, ...]:
    """Every argument in full."""
    lines: list[str] = []
    for argument in shown_arguments(grant.arguments):
        if argument.is_block:
            lines += [f"{argument.name}:", *(f"  {line}" for line in argument.text.split("\n"))]
        else:
            lines.append(f"{argument.name}: {argument.text}")
    return tuple(lines) or ("without arguments",)


def grant_lines(grant: HeldGrant, zone: tzinfo | None = None) -> tuple[str, ...]:
    """One grant for the command line."""
    first = f"{visible(grant.id, keep='')}  {heading(grant)}, {period(grant, zone)}"
    return first, *(f"    {line}" for line in argument_lines(grant))


def revoked(count: int) -> str:
    """What is said after some were taken back."""
    if count == 0:
        return NOTHING_TO_REVOKE
    return "Taken back: 1 grant. It asks again." if count == 1 else f"Taken back: {count} grants. They ask again."


def log_line(entry: LoggedDecision, zone: tzinfo | None = None) -> str:
    """One entry of the log in a line."""
    parts = (
        entry.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        entry.decision.replace("_", " "),
        entry.tool,
        entry.arguments_hash[:HASH_SHOWN],
        entry.device or "no device",
        entry.session_id,
    )
    return "  ".join(visible(part, keep="") for part in parts)


def grant_object(grant: HeldGrant) -> JsonObject:
    """One grant for another program."""
    return {
        "id": grant.id,
        "tool": grant.tool,
        "arguments": grant.arguments,
        "device": grant.device,
        "folder": grant.folder,
        "createdAt": grant.created_at.isoformat(),
        "expiresAt": grant.expires_at.isoformat(),
    }


def entry_object(entry: LoggedDecision) -> JsonObject:
    """One entry for another program."""
    told: dict[str, JsonValue] = {
        "at": entry.at.isoformat(),
        "decision": entry.decision,
        "tool": entry.tool,
        "argumentsHash": entry.arguments_hash,
        "device": entry.device,
        "connection": entry.connection,
        "sessionId": entry.session_id,
        "toolCallId": entry.call_id,
    }
    return told


def _day(moment: datetime, zone: tzinfo | None) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d")
