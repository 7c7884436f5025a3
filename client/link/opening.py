"""Ties what a tab's link needs together: the device's tools, the server's whereabouts, the working folder."""

from __future__ import annotations

from pathlib import Path

from client.link.tab_link import TabLink
from client.ports import OpenLink, Start, TabEvents, Toolbox
from client.server_process import ServerFinder
from client.settings import ClientSettings, foreign_environment
from client.tools.command_runs import CommandRuns
from client.tools.device import DeviceState, WritingRules
from client.tools.music import MusicPlayer
from client.tools.runs import Runs
from client.tools.toolkit import Toolkit
from shared.frames import Device


def link_opener(settings: ClientSettings, player: MusicPlayer, runs: Runs, folder: Path, umask: int) -> OpenLink:
    """What makes the links of this program's tabs; they share ``player`` and ``runs``, and work in ``folder``.

    What the tools make for the person gets the permissions that ``umask``, the person's own, leaves.
    """
    finder = ServerFinder(settings)
    ours = settings.folders
    kept = (ours.config, ours.data, ours.state, ours.runtime, settings.data_dir)
    writing = WritingRules(ours.data / "backups", settings.allowed_folders, kept, umask)

    def open_link(device: Device, events: TabEvents, toolbox: Toolbox, start: Start | None = None) -> TabLink:
        commands = CommandRuns(foreign_environment, umask)
        state = DeviceState(device, toolbox, player, folder.absolute(), settings.place, writing, commands)
        return TabLink(
            device=device,
            events=events,
            toolkit=Toolkit(state, runs),
            folder=folder,
            find_server=finder.find,
            start=start,
        )

    return open_link
