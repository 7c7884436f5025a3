"""What the model is given when a tool does not run."""

from __future__ import annotations

from shared.json_types import JsonObject

NOT_STORED = "The call could not be stored, so it was not run."


def refusal(error: str) -> JsonObject:
    """What the model is given in place of a result."""
    return {"success": False, "error": error}
