"""Spec of ``change_bgm``: play a background track on the person's device."""

from __future__ import annotations

from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="change_bgm",
    title="Change the background music",
    description=(
        "Play another background music track on the user's device. Tracks 0, 1 and 2 always exist; "
        "higher numbers are files of the user's own music folder."
    ),
    input_schema=object_schema(
        required=("track",),
        track={"type": "integer", "minimum": 0, "description": "Number of the track to play"},
    ),
    kind="other",
    risk="Changes the music that plays on this device.",
)
