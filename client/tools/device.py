"""What a tool has at hand when it runs for a tab, and which tools the tab's device offers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from client.ports import Toolbox
from client.tools.music import MusicPlayer
from client.tools.place import Place
from shared.frames import Device

PHONE = "phone"

NOT_ON_A_PHONE = frozenset({"read_file", "list_directory"})
"""Phones keep their files to themselves."""

SIMULATED_PLACES = {
    "iphone": Place("Tokyo, Japan", 35.6762, 139.6503),
    "android": Place("Berlin, Germany", 52.52, 13.405),
}
"""Where the devices that are only played pretend to be, by the device's id."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What the tools of one tab work with. ``folder`` is what relative paths start from; ``place`` is a setting."""

    device: Device
    toolbox: Toolbox
    player: MusicPlayer
    folder: Path
    place: Place | None = None


def does_offer(device: Device, tool_name: str) -> bool:
    """Whether a device of that kind offers the tool."""
    return device.kind != PHONE or tool_name not in NOT_ON_A_PHONE
