"""What the model is given when a tool does not run."""

from __future__ import annotations

from shared.json_types import JsonObject

SAME_ID = "Another call of this id is open; give each call an id of its own."
IN_DOUBT = "The tool was running when the connection to it was lost. It may have run; nobody knows."
TOO_MANY = "Too many calls are open at once, so this one was not run. Wait for some of them."
NOT_STORED = "The call could not be stored, so it was not run."


def refusal(error: str) -> JsonObject:
    """What the model is given in place of a result."""
    return {"success": False, "error": error}
