"""Spec of ``open_url``: open a web page in the person's browser."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="open_url",
    title="Open a web page",
    description="Open an http or https address in the user's web browser. It holds no user name and no password.",
    input_schema=object_schema(
        required=("url",),
        url={"type": "string", "minLength": 1, "description": "The whole address, with http:// or https:// in front"},
    ),
    kind="fetch",
    risk="You may be signed in there, and the address itself can tell things.",
)
