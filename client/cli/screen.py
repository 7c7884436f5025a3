"""Runs the screen; the one file of the command line that loads Textual."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path

from client.app import RingbackApp
from client.core.device_presets import device_named
from client.link.opening import link_opener
from client.saved_tabs_file import SavedTabsFile
from client.settings import ClientSettings, child_environment
from client.tools.journal import Journal
from client.tools.music import MusicPlayer
from client.tools.runs import Runs


def show(settings: ClientSettings, *, is_new: bool, umask: int) -> int:
    """Show the screen until the person leaves; the exit code. A bug that ended it is raised once the screen is gone.

    With ``is_new`` the tabs of last time do not come back. ``umask`` is the person's, which this process has no more.
    """
    return asyncio.run(_show(settings, is_new=is_new, umask=umask))


async def _show(settings: ClientSettings, *, is_new: bool, umask: int) -> int:
    player = MusicPlayer(settings.music_folder, child_environment())
    journal = Journal(settings.folders.state / "runs.db")
    runs = Runs(journal)
    file = SavedTabsFile(settings.folders.state)
    is_held = file.hold()
    if is_held and is_new:
        file.put_away()
    app = RingbackApp(
        open_link=link_opener(settings, player, runs, Path.cwd(), umask),
        device=device_named(settings.device),
        version=version("ringback"),
        theme=settings.theme,
        on_quit=settings.on_quit,
        saved=file.read() if is_held else None,
        file=file if is_held else None,
        remark=file.remark,
        exports=settings.data_dir / "exports",
    )
    try:
        await app.run_async()
    finally:
        await runs.close()
        journal.close()
        file.close()
        await player.stop()
    if app.bug is not None:
        raise app.bug
    return app.return_code or 0
