"""Spec of ``write_file``: write a text file on the person's device."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="write_file",
    title="Write a file",
    description=(
        "Write a text file on the user's device: replace it or make a new one, append to it, or only make a new one. "
        "Its folder must be there already. What is replaced is kept as a backup."
    ),
    input_schema=object_schema(
        required=("path", "content"),
        path={"type": "string", "minLength": 1, "description": "Path of the file; relative to the working folder"},
        content={"type": "string", "description": "The text to write, at most 1 MiB of UTF-8"},
        mode={
            "type": "string",
            "enum": ["replace", "append", "create"],
            "description": "replace (as it is if left out), append, or create, which fails if the file is there",
        },
    ),
    kind="edit",
    risk="Changes a file here; what is written can be a program that runs later.",
    only_exactly=True,
)
