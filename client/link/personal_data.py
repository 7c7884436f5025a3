"""What a person may ask of a Ringback beside talking: shared state, grants, a reset, the server's counters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from client.link.asking import Asking
from client.link.grants import GrantsOverWire
from client.link.wire import Wire
from shared.acp_names import (
    METHOD_METRICS,
    METHOD_RESET,
    METHOD_STATE_DELETE,
    METHOD_STATE_GET,
    METHOD_STATE_LIST,
    METHOD_STATE_SET,
)
from shared.errors import ProtocolError
from shared.json_types import JsonObject

RESET_SECONDS = 60.0
"""A reset waits for the turns that run."""


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[str, ...]


class _Data(msgspec.Struct, frozen=True):
    data: dict[str, Any] | None


class _Deleted(msgspec.Struct, frozen=True):
    deleted: int


class _Reset(msgspec.Struct, frozen=True):
    success: bool
    message: str


class _Text(msgspec.Struct, frozen=True):
    text: str


class _Anything(msgspec.Struct, frozen=True):
    pass


class PersonalDataOverWire(GrantsOverWire):
    """Implements ``client.ports.PersonalData``; ``wire`` gives the connection there is now, if any."""

    def __init__(self, wire: Callable[[], Wire | None]) -> None:
        super().__init__(Asking(wire))

    async def list_states(self) -> tuple[str, ...]:
        """The names in the shared state, sorted."""
        return (await self._asking.ask(METHOD_STATE_LIST, {}, _Keys)).keys

    async def get_state(self, key: str) -> JsonObject | None:
        """What is stored under ``key``; ``None`` if nothing is."""
        return (await self._asking.ask(METHOD_STATE_GET, {"key": key}, _Data)).data

    async def set_state(self, key: str, data: JsonObject) -> None:
        """Store ``data`` under ``key`` in the place of what was there."""
        await self._asking.ask(METHOD_STATE_SET, {"key": key, "data": data}, _Anything)

    async def delete_state(self, key: str) -> int:
        """Delete what is stored under ``key``; how many there were: 0 or 1."""
        return (await self._asking.ask(METHOD_STATE_DELETE, {"key": key}, _Deleted)).deleted

    async def reset(self) -> str:
        """Forget the person's conversations and shared state; what the server says of it."""
        answer = await self._asking.ask(METHOD_RESET, {"confirm": True}, _Reset, seconds=RESET_SECONDS)
        if not answer.success:
            raise ProtocolError(answer.message)
        return answer.message

    async def metrics(self) -> str:
        """The server's counters in Prometheus' text format."""
        return (await self._asking.ask(METHOD_METRICS, {}, _Text)).text
