"""What a tool has at hand when it runs for a tab, and which tools the tab's device offers."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from client.ports import Toolbox
from client.tools.command_runs import CommandRuns
from client.tools.music import MusicPlayer
from client.tools.place import Place
from client.tools.shown import Shown
from shared.frames import Device
from shared.ids import ToolCallId

PHONE = "phone"

NOT_ON_A_PHONE = frozenset({"read_file", "list_directory", "write_file", "run_command"})
"""Phones keep their files to themselves."""

NOT_ON_WINDOWS = frozenset({"run_command"})
"""There is no /bin/sh, and no way yet to end a command with all its children."""

SIMULATED_PLACES = {
    "iphone": Place("Tokyo, Japan", 35.6762, 139.6503),
    "android": Place("Berlin, Germany", 52.52, 13.405),
}
"""Where the devices that are only played pretend to be, by the device's id."""


@dataclass(frozen=True, slots=True)
class WritingRules:
    """Where files may be written: in ``allowed`` beside the working folder, and never in ``ours``, Ringback's own.

    What is replaced is kept in the folder ``backups``. A new file gets the permissions that ``umask`` leaves.
    """

    backups: Path
    allowed: tuple[Path, ...] = ()
    ours: tuple[Path, ...] = ()
    umask: int = 0o077


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What the tools of one tab work with. ``folder`` is what relative paths start from; ``place`` is a setting.

    ``shown`` is what the tab's questions showed; ``call_id`` is the call that runs.
    """

    device: Device
    toolbox: Toolbox
    player: MusicPlayer
    folder: Path
    place: Place | None = None
    writing: WritingRules | None = None
    commands: CommandRuns = field(default_factory=CommandRuns)
    shown: Shown = field(default_factory=Shown)
    call_id: ToolCallId | None = None


def does_offer(device: Device, tool_name: str) -> bool:
    """Whether a device of that kind offers the tool."""
    is_missing = sys.platform == "win32" and tool_name in NOT_ON_WINDOWS
    return not is_missing and (device.kind != PHONE or tool_name not in NOT_ON_A_PHONE)
