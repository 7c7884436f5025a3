"""Runs the screen; the one file of the command line that loads Textual."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import ClassVar

from client import app
from client.core.device_presets import device_named
from client.link.opening import link_opener
from client.settings import ClientSettings, child_environment
from client.tools.music import MusicPlayer


class Screen(app.RingbackApp):
    """The app, without Textual's habit of printing a bug and all its local variables to the person's terminal."""

    # Textual looks for these beside the class's own file, which is this one.
    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(app.__file__).parent / path for path in app.RingbackApp.CSS_PATH]

    bug: Exception | None = None
    """The first bug that ended the app."""

    def _handle_exception(self, error: Exception) -> None:
        self.bug = self.bug or error
        super()._handle_exception(error)
        self._exit_renderables.clear()


def show(settings: ClientSettings) -> int:
    """Show the screen until the person leaves; the exit code. A bug that ended it is raised once the screen is gone."""
    return asyncio.run(_show(settings))


async def _show(settings: ClientSettings) -> int:
    player = MusicPlayer(settings.music_folder, child_environment())
    screen = Screen(
        open_link=link_opener(settings, player, Path.cwd()),
        device=device_named(settings.device),
        version=version("ringback"),
        theme=settings.theme,
    )
    try:
        await screen.run_async()
    finally:
        await player.stop()
    if screen.bug is not None:
        raise screen.bug
    return screen.return_code or 0
