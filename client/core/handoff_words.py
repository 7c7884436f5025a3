"""How a handoff's code is written, and how long it counts, in words. Pure."""

from __future__ import annotations

_GROUP = 4
_MINUTE = 60


def in_groups(code: str) -> str:
    """The code as it is easily read and typed; the server does not mind the hyphens."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def how_long(seconds: float) -> str:
    """So many seconds, as a person says it; never more than there are."""
    minutes = int(seconds // _MINUTE)
    number, word = (minutes, "minute") if minutes else (int(seconds), "second")
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
