"""What a tab is told beside its conversation: no part of the numbered updates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.frames import Device
from shared.ids import SessionId


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Another tab or device of the person changed their shared state.

    ``key`` is ``None`` when all of it is gone, or when more changed than is told one by one. ``field`` is there when
    one field of what is kept under the key was stored or deleted, and the others are as they were.
    """

    key: str | None
    change: Literal["stored", "deleted", "cleared", "many"]
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence of the server for the person, about no conversation in particular."""

    message: str


@dataclass(frozen=True, slots=True)
class PersonReset:
    """The person's conversations and shared state are gone: what stands in the tab is not known to the agent."""

    message: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Another connection, on the device ``holder``, holds the conversation now, by the lease ``epoch``."""

    session_id: SessionId
    epoch: int
    holder: Device


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The person hands a conversation over from the device ``source``: the code takes it, once."""

    session_id: SessionId
    code: str = field(repr=False)
    source: Device


@dataclass(frozen=True, slots=True)
class DevicesChanged:
    """Another tab of the person's came or went."""


News: TypeAlias = StateChanged | Notice | PersonReset | HandedOver | DevicesChanged
