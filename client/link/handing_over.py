"""Hands a conversation to another tab of the person's, and asks which tabs there are."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from client.link.asking import Asking
from client.link.place import Place
from client.link.wire import Wire
from client.ports import ConnectedDevice
from shared.acp_names import METHOD_DEVICES_LIST, METHOD_HANDOFF
from shared.errors import LinkLostError
from shared.frames import Device
from shared.ids import ConnectionSignature
from shared.json_types import JsonObject

NOTHING_HELD = "This tab holds no conversation now that it could hand over."


class _Handoff(msgspec.Struct, frozen=True, rename="camel"):
    code: str
    expires_in: float


class _Connected(msgspec.Struct, frozen=True, rename="camel"):
    connection: str
    id: str
    label: str
    kind: str
    tools: tuple[str, ...]
    is_self: bool


class _Devices(msgspec.Struct, frozen=True):
    devices: tuple[_Connected, ...]


class HandingOver:
    """``wire`` gives the connection there is now, ``place`` the conversation that the tab holds; if any."""

    def __init__(self, wire: Callable[[], Wire | None], place: Callable[[], Place | None]) -> None:
        self._asking = Asking(wire)
        self._place = place

    async def handoff(self, to: ConnectionSignature | None) -> tuple[str, float]:
        """A code that lets another tab take the conversation, once, and how long it counts, in seconds."""
        place = self._place()
        if place is None:
            raise LinkLostError(NOTHING_HELD)
        params: JsonObject = {"sessionId": place.session_id, **({} if to is None else {"to": to})}
        answer = await self._asking.ask(METHOD_HANDOFF, params, _Handoff)
        return answer.code, answer.expires_in

    async def devices(self) -> list[ConnectedDevice]:
        """The person's tabs that are connected."""
        return [
            ConnectedDevice(
                ConnectionSignature(one.connection), Device(one.id, one.label, one.kind), one.tools, one.is_self
            )
            for one in (await self._asking.ask(METHOD_DEVICES_LIST, {}, _Devices)).devices
        ]
