"""Planted bugs in who gets in, and in what one connection may cost the others."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Callable
from typing import Any


def any_host() -> None:
    """Whatever name the server is asked under."""
    _examined_with("host")


def any_origin() -> None:
    """Whatever web page comes."""
    _examined_with("origin")


def any_token() -> None:
    """Whatever token is shown."""
    importlib.import_module("shared.secret").Secret.matches = lambda self, other: True


def never_looked_at_again() -> None:
    """What was let in once stays in."""

    async def sleep(*_: Any) -> None:
        await asyncio.Event().wait()

    vars(importlib.import_module("server.gateway.listener"))["keep_watch"] = sleep


def nothing_waits_for_a_slow_reader() -> None:
    """What a tab does not read is kept for it in memory, all of it."""

    async def room(*_: Any) -> None:
        return

    importlib.import_module("server.tabs.outbox").Outbox.room = room


def json_as_it_comes() -> None:
    """Frames are read with nothing but Python's own reader, and taken for what they claim to be."""
    vars(importlib.import_module("server.gateway.transport"))["understood"] = json.loads


def _examined_with(header: str) -> None:
    door = importlib.import_module("server.gateway.door")
    honest = door.Handshake.values

    def values(self: Any, name: str) -> list[str]:
        if name != header:
            found: list[str] = honest(self, name)
            return found
        return ["localhost"] if name == "host" else []

    door.Handshake.values = values


PLANTS: tuple[Callable[[], None], ...] = (
    any_host,
    any_origin,
    any_token,
    never_looked_at_again,
    nothing_waits_for_a_slow_reader,
    json_as_it_comes,
)
