"""Asks a Ringback for one of its additions to ACP: every wait has a limit, every refusal a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from client.link.wire import Wire
from shared.errors import LinkLostError, ProtocolError
from shared.json_types import JsonObject

ANSWER_SECONDS = 10.0

METHOD_NOT_FOUND = -32601
NOT_CONNECTED = "This tab is not connected to its server now. Try again once it is."
NOT_A_RINGBACK = "The server that answers in this tab is no Ringback; it keeps nothing of this kind."
TOO_OLD = "The server does not know this request: it is an older Ringback than this program. Update it."
BROKEN = (
    "The connection broke before the server answered. Whether it did what was asked is not known; "
    "try again once there is a connection."
)
NONSENSE = "The server's answer makes no sense."

Answer = TypeVar("Answer")


class Asking:
    """``wire`` gives the connection there is now, if any."""

    def __init__(self, wire: Callable[[], Wire | None]) -> None:
        self._wire = wire

    async def ask(self, method: str, params: JsonObject, kind: type[Answer], seconds: float | None = None) -> Answer:
        """The server's answer, read as a ``kind``; ``seconds`` is how long to wait for it.

        Raises:
            ProtocolError: if the server refuses, stays silent, answers nonsense or is no Ringback.
            LinkLostError: if there is no connection, or it ends first.
        """
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
