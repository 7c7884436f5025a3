"""How a tool's arguments and results are written for a person: in full, with nothing hidden in them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from client.core.visible_text import exact
from shared.json_types import JsonObject, JsonValue

_SHORT_LINE = 60


@dataclass(frozen=True, slots=True)
class ShownArgument:
    """One argument: ``text`` is what stands beside its name, or below it when ``is_block``."""

    name: str
    text: str
    is_block: bool


def shown_arguments(arguments: JsonObject) -> tuple[ShownArgument, ...]:
    """Every argument in full, in the order given."""
    return tuple(_shown(name, value) for name, value in arguments.items())


def one_line(arguments: JsonObject, limit: int = 48) -> str:
    """The arguments as ``name=value, …`` in one line of at most ``limit`` characters, with an ellipsis if cut."""
    line = ", ".join(f"{name}={_json(value)}" for name, value in arguments.items())
    line = exact(line[: limit + 1])  # what is made visible only grows
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _shown(name: str, value: JsonValue) -> ShownArgument:
    name = exact(name)
    match value:
        case str() if "\n" in value:
            return ShownArgument(name, exact(value, keep="\n"), is_block=True)
        case dict() | list() if len(_json(value)) > _SHORT_LINE:
            pretty = json.dumps(value, ensure_ascii=False, indent=2)
            return ShownArgument(name, exact(pretty, keep="\n"), is_block=True)
        case _:
            return ShownArgument(name, exact(_json(value)), is_block=False)


def _json(value: JsonValue) -> str:
    # A string is written with its quotes, so that "1" and 1 differ, but without JSON's \u escapes.
    return f'"{value}"' if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
