"""The tools that a client without tools of ours lends all the same: what ACP's own ``fs`` and ``terminal`` can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from acp import schema

from shared.catalog import read_file, run_command, write_file
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec


def _only(spec: ToolSpec, *names: str) -> JsonObject:
    properties = spec.input_schema["properties"]
    known = properties if isinstance(properties, dict) else {}
    return {**spec.input_schema, "properties": {name: known[name] for name in names}}


WRITE_FILE = replace(
    write_file.SPEC,
    description="Write a text file on the user's device, in the place of what was there.",
    input_schema=_only(write_file.SPEC, "path", "content"),
)
"""ACP can only replace a file, and keeps no backup."""

RUN_COMMAND = replace(
    run_command.SPEC,
    description="Run a command in a terminal of the user's device with /bin/sh -c. Returns its exit code and output.",
)


def lent_tools(able: schema.ClientCapabilities) -> Mapping[str, ToolSpec]:
    """The specs of what the client is able to do, by name."""
    lent = []
    # In the place of what does not fit, the SDK may leave its default as a bare dict.
    files = able.fs if isinstance(able.fs, schema.FileSystemCapabilities) else None
    if files is not None and files.read_text_file is True:
        lent.append(read_file.SPEC)
    if files is not None and files.write_text_file is True:
        lent.append(WRITE_FILE)
    if able.terminal is True:
        lent.append(RUN_COMMAND)
    return {spec.name: spec for spec in lent}
