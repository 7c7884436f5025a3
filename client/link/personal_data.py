"""What a person may ask of a Ringback beside talking: their shared state, a reset, the server's counters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from client.link.wire import Wire
from shared.acp_names import (
    METHOD_METRICS,
    METHOD_RESET,
    METHOD_STATE_DELETE,
    METHOD_STATE_GET,
    METHOD_STATE_LIST,
    METHOD_STATE_SET,
)
from shared.errors import LinkLostError, ProtocolError
from shared.json_types import JsonObject

ANSWER_SECONDS = 10.0
RESET_SECONDS = 60.0
"""A reset waits for the turns that run."""

METHOD_NOT_FOUND = -32601
NOT_CONNECTED = "This tab is not connected to its server now. Try again once it is."
NOT_A_RINGBACK = "The server that answers in this tab is no Ringback; it keeps nothing of this kind."
TOO_OLD = "The server does not know this request: it is an older Ringback than this program. Update it."
BROKEN = (
    "The connection broke before the server answered. Whether it did what was asked is not known; "
    "try again once there is a connection."
)
NONSENSE = "The server's answer makes no sense."


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


Answer = TypeVar("Answer", _Keys, _Data, _Deleted, _Reset, _Text, _Anything)


class PersonalDataOverWire:
    """Implements ``client.ports.PersonalData``; ``wire`` gives the connection there is now, if any."""

    def __init__(self, wire: Callable[[], Wire | None]) -> None:
        self._wire = wire

    async def list_states(self) -> tuple[str, ...]:
        """The names in the shared state, sorted."""
        return (await self._ask(METHOD_STATE_LIST, {}, _Keys)).keys

    async def get_state(self, key: str) -> JsonObject | None:
        """What is stored under ``key``; ``None`` if nothing is."""
        return (await self._ask(METHOD_STATE_GET, {"key": key}, _Data)).data

    async def set_state(self, key: str, data: JsonObject) -> None:
        """Store ``data`` under ``key`` in the place of what was there."""
        await self._ask(METHOD_STATE_SET, {"key": key, "data": data}, _Anything)

    async def delete_state(self, key: str) -> int:
        """Delete what is stored under ``key``; how many there were: 0 or 1."""
        return (await self._ask(METHOD_STATE_DELETE, {"key": key}, _Deleted)).deleted

    async def reset(self) -> str:
        """Forget the person's conversations and shared state; what the server says of it."""
        answer = await self._ask(METHOD_RESET, {"confirm": True}, _Reset, seconds=RESET_SECONDS)
        if not answer.success:
            raise ProtocolError(answer.message)
        return answer.message

    async def metrics(self) -> str:
        """The server's counters in Prometheus' text format."""
        return (await self._ask(METHOD_METRICS, {}, _Text)).text

    async def _ask(self, method: str, params: JsonObject, kind: type[Answer], seconds: float | None = None) -> Answer:
        seconds = ANSWER_SECONDS if seconds is None else seconds
        wire = self._wire()
        if wire is None:
            raise LinkLostError(NOT_CONNECTED)
        if not wire.is_ringback:
            raise ProtocolError(NOT_A_RINGBACK)
        try:
            async with asyncio.timeout(seconds):
                answer = await wire.request(method, params)
            return msgspec.convert(answer, kind)
        except TimeoutError:
            raise ProtocolError(
                f"The server did not answer within {seconds:g} seconds. Whether it did what was asked is not known."
            ) from None
        except LinkLostError as error:
            raise LinkLostError(BROKEN) from error
        except msgspec.ValidationError as error:
            raise ProtocolError(NONSENSE) from error
        except ProtocolError as error:
            if error.code == METHOD_NOT_FOUND:
                raise ProtocolError(TOO_OLD) from error
            raise
