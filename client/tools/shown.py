"""What a person was shown of this device beside a call's arguments, so that nothing else comes to run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from shared.ids import ToolCallId
from shared.json_types import JsonObject

MOST_QUESTIONS = 256
"""How many are remembered: the oldest are forgotten, and of those the arguments alone count."""


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A folder or a file, with no symbolic link left in it; ``digest`` is of a file's content, empty without one."""

    path: Path
    digest: str = ""


NOT_SEEN = ShownPlace(Path())
"""Stands for what nobody could look at, or what would have been refused: nothing that a tool finds is equal to it."""


class Shown:
    """What the newest question about each call, with these very arguments, showed of the device."""

    def __init__(self) -> None:
        self._places: dict[tuple[ToolCallId, str], ShownPlace] = {}

    def note(self, call_id: ToolCallId, arguments: JsonObject, place: ShownPlace) -> None:
        """That was shown."""
        key = _key(call_id, arguments)
        self._places.pop(key, None)
        self._places[key] = place
        if len(self._places) > MOST_QUESTIONS:
            del self._places[next(iter(self._places))]

    def place_of(self, call_id: ToolCallId | None, arguments: JsonObject) -> ShownPlace | None:
        """What was shown for it, or :data:`NOT_SEEN`; ``None`` if nobody was asked here, as when it is allowed."""
        return None if call_id is None else self._places.get(_key(call_id, arguments))


def _key(call_id: ToolCallId, arguments: JsonObject) -> tuple[ToolCallId, str]:
    return call_id, json.dumps(arguments, sort_keys=True)
