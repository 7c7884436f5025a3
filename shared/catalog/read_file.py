"""Spec of ``read_file``: read a text file on the person's device."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="read_file",
    title="Read a file",
    description="Read a text file on the user's device. Returns its content, by lines if asked.",
    input_schema=object_schema(
        required=("path",),
        path={"type": "string", "minLength": 1, "description": "Path of the file; relative to the working folder"},
        line={"type": "integer", "minimum": 1, "description": "First line to read, counted from 1"},
        limit={"type": "integer", "minimum": 1, "description": "How many lines to read at most"},
    ),
    kind="read",
    risk="Sends the content of this file to the agent and its model.",
)
