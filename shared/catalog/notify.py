"""Spec of ``notify``: show the person a short notice."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="notify",
    title="Show a notice",
    description="Show the user a short notice on their device.",
    input_schema=object_schema(
        required=("message",),
        message={"type": "string", "minLength": 1, "description": "What to show, one or two sentences"},
        title={"type": "string", "description": "A short heading"},
    ),
    kind="other",
    risk="Shows a notice on this device.",
)
