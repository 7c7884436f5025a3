"""How deeply JSON may be nested: what reads it elsewhere may end at more."""

from __future__ import annotations

from shared.json_types import JsonValue

MAX_DEPTH = 64
"""How deeply objects and lists may stand in each other."""


def is_deep(value: JsonValue, depth: int = MAX_DEPTH) -> bool:
    """Whether objects and lists stand in each other more than ``depth`` levels deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(depth):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
    return bool(level)
