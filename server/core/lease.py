"""Who holds a conversation."""

from __future__ import annotations

from dataclasses import dataclass

from shared.frames import Device
from shared.ids import ConnectionSignature
from shared.tool_spec import ToolSpec


@dataclass(frozen=True, slots=True)
class Lease:
    """One connection's hold. ``epoch`` counts from 1; ``secret_hash`` is of what takes it back, in hexadecimal.

    ``tools`` are the frontend tools that it offers: the agent knows them also while the tab is away.
    """

    epoch: int
    holder: ConnectionSignature
    device: Device
    secret_hash: str
    tools: tuple[ToolSpec, ...] = ()
