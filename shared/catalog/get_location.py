"""Spec of ``get_location``: where the person's device is."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="get_location",
    title="Tell where you are",
    description="Get the location of the user's device, from the user's settings or the simulated device.",
    input_schema=object_schema(),
    kind="read",
    risk="Tells the agent where this device is.",
)
