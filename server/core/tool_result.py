"""What a tool of somebody's own may return, as the result that the model is given. Pure."""

from __future__ import annotations

import json

from server.core.json_depth import MAX_DEPTH, is_deep
from server.core.tool_failure import ToolFailedError
from shared.json_types import JsonObject, JsonValue

MAX_RESULT = 1_048_576
"""Longest result in bytes of JSON: it goes to the tab in one frame, to the model and into the conversation."""


def as_result(value: object) -> JsonObject:
    """A copy of ``value`` as JSON has it; what is no object is one under ``result``.

    Raises:
        ToolFailedError: if it is too long, or nested so deep that it cannot be stored.
        TypeError: if it is not JSON.
    """
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"What the tool returned is not JSON: {error}") from error
    except RecursionError:
        raise _too_deep() from None
    if len(text) > MAX_RESULT:
        raise ToolFailedError(f"The result takes {len(text):,} bytes, and at most {MAX_RESULT:,} can be given.")
    copied: JsonValue = json.loads(text)
    if is_deep(copied):
        raise _too_deep()
    return copied if isinstance(copied, dict) else {"result": copied}


def _too_deep() -> ToolFailedError:
    return ToolFailedError(f"The result is nested more than {MAX_DEPTH} deep, which cannot be stored.")
