"""Takes up a conversation on a connection: the one from before if it can be had, and else a new one.

::

    code ──► redeem ─── refused ──────────────────────────────┐
    place ─► resume ─┬─ complete ─► RESUMED                   │
                     ├─ gap ─► load ─► LOADED                 │
                     ├─ unknown, or not known how ────────────┼──► begin ─► FORGOTTEN
    nothing ─────────┼────────────────────────────────────────┴──► begin ─► BEGUN
                     └─ held by another: SessionHeldError
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from client.link.asking import METHOD_NOT_FOUND
from client.link.place import Place
from client.link.wire import Opened, Wire
from client.ports import HandoffCode, Welcome
from shared.errors import HandoffCodeError, LinkLostError, ProtocolError, SessionHeldError, UnknownSessionError


class Way(Enum):
    """How a tab came to its conversation."""

    BEGUN = auto()
    RESUMED = auto()
    LOADED = auto()
    FORGOTTEN = auto()


@dataclass(frozen=True, slots=True)
class TakenUp:
    """``place`` is where the tab is now; ``refusal`` is a sentence for the person, if a code was refused."""

    way: Way
    welcome: Welcome
    place: Place
    refusal: str | None = None


async def take_up(wire: Wire, start: Place | HandoffCode | None, *, take_over: bool) -> TakenUp:
    """The conversation that ``wire`` holds now.

    Raises:
        SessionHeldError: if another connection holds it, and ``take_over`` is false.
        NotLetInError: if the server begins none.
        LinkLostError: if it cannot be had now; trying again may help.
    """
    try:
        match start:
            case None:
                return await _begin(wire, Way.BEGUN)
            case HandoffCode(code):
                return await _redeem(wire, code)
            case Place():
                return await _resume(wire, start, take_over=take_over)
    except (LinkLostError, SessionHeldError):
        raise
    except ProtocolError as error:
        raise LinkLostError(f"The server does not give the conversation now: {error}") from error


async def _begin(wire: Wire, way: Way, refusal: str | None = None) -> TakenUp:
    opened = await wire.begin()
    return TakenUp(way, opened.welcome, Place(opened.welcome.session_id, 0, opened.lease_secret), refusal)


async def _redeem(wire: Wire, code: str) -> TakenUp:
    try:
        opened = await wire.redeem(code)
    except HandoffCodeError as error:
        return await _begin(wire, Way.BEGUN, str(error))
    place = Place(opened.welcome.session_id, 0, opened.lease_secret, is_used=True)
    return TakenUp(Way.BEGUN, opened.welcome, place)


async def _resume(wire: Wire, place: Place, *, take_over: bool) -> TakenUp:
    try:
        opened = await wire.resume(place, take_over=take_over)
        _keep_secret(place, opened)
        if opened.is_complete:
            return TakenUp(Way.RESUMED, opened.welcome, place)
        opened = await wire.load(place)
        _keep_secret(place, opened)
    except UnknownSessionError:
        return await _begin(wire, Way.FORGOTTEN)
    except ProtocolError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        return await _begin(wire, Way.FORGOTTEN)
    return TakenUp(Way.LOADED, opened.welcome, place)


def _keep_secret(place: Place, opened: Opened) -> None:
    place.lease_secret = opened.lease_secret or place.lease_secret
