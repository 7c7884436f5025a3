"""Spec of ``list_directory``: names in a folder of the person's device."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="list_directory",
    title="List a folder",
    description="List the names, kinds and sizes in a folder on the user's device.",
    input_schema=object_schema(
        path={"type": "string", "minLength": 1, "description": "Path of the folder; the working folder if left out"},
    ),
    kind="read",
    risk="Sends the names of the files in this folder to the agent and its model.",
)
