"""Spec of ``run_command``: run a shell command on the person's device."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

DEFAULT_SECONDS = 60
MOST_SECONDS = 600

SPEC = ToolSpec(
    name="run_command",
    title="Run a command",
    description=(
        "Run a command on the user's device with /bin/sh -c, without a terminal and with no input. Returns its exit "
        "code and what it wrote. When it ends, or its time is over, everything it left in the background is ended too."
    ),
    input_schema=object_schema(
        required=("command",),
        command={"type": "string", "minLength": 1, "description": "The command, as /bin/sh -c takes it"},
        cwd={"type": "string", "minLength": 1, "description": "Folder to run it in; the working folder if left out"},
        timeout={
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_SECONDS,
            "description": f"Seconds until it is ended; {DEFAULT_SECONDS} if left out",
        },
    ),
    kind="execute",
    risk="Can read, change and delete your files, and reach the network.",
    only_exactly=True,
    longest_seconds=MOST_SECONDS,
)
