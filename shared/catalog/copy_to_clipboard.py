"""Spec of ``copy_to_clipboard``: put text on the person's clipboard."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="copy_to_clipboard",
    title="Copy to the clipboard",
    description="Put text on the clipboard of the user's device.",
    input_schema=object_schema(
        required=("text",),
        text={"type": "string", "description": "The text to copy"},
    ),
    kind="other",
    risk="Replaces what is on your clipboard. Look before you paste it into a shell.",
)
