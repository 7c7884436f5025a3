"""The one music player of this program: it knows the tracks, and the newest choice wins."""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from client.tools.failure import ToolFailedError
from client.tools.tunes import TUNES

logger = logging.getLogger(__name__)

MUSIC_SUFFIXES = frozenset({".mp3", ".flac", ".wav", ".ogg"})
START_TIMEOUT = 10.0
PLAYER_COMMAND = (sys.executable, "-P", "-m", "client.tools.music_process")


class Playing(msgspec.Struct, frozen=True):
    """Whether the track sounds, as the music process says it; ``note`` says why not."""

    playing: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """A track that exists: its number, its name for people, and its file if it is one of the person's own."""

    number: int
    title: str
    file: Path | None = None


class MusicPlayer:
    """Plays one track at a time for the whole program, whichever tab asked."""

    def __init__(
        self,
        music_folder: Path | None,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = PLAYER_COMMAND,
    ) -> None:
        """``music_folder`` holds tracks 3 and up, in name order; ``command`` starts the music process."""
        self._music_folder = music_folder
        self._environment = environment
        self._command = command
        self._process: Process | None = None
        self._choosing = asyncio.Lock()

    async def play(self, number: int) -> tuple[Track, Playing]:
        """Choose track ``number`` and play it if this machine can; what played before stops.

        Raises:
            ToolFailedError: if there is no such track; the sentence names those that exist.
        """
        tracks = await asyncio.to_thread(_tracks, self._music_folder)
        if not 0 <= number < len(tracks):
            more = "" if self._music_folder else " Set music_folder under [client] in config.toml for more."
            raise ToolFailedError(f"There is no track {number}: the tracks are 0 to {len(tracks) - 1}.{more}")
        async with self._choosing:
            await self._stop()
            return tracks[number], await self._start(tracks[number])

    async def stop(self) -> None:
        """Stop the music; to be called before the program ends."""
        async with self._choosing:
            await self._stop()

    async def _start(self, track: Track) -> Playing:
        what = ("--tune", str(track.number)) if track.file is None else ("--file", str(track.file))
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command, *what, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=self._environment
            )
            async with asyncio.timeout(START_TIMEOUT):
                said = msgspec.json.decode(await _first_line(process), type=Playing)
        except (OSError, TimeoutError, msgspec.MsgspecError) as error:
            logger.warning("the music process did not come up: %r", error)
            said = Playing(playing=False, note="The music player of this device did not start; the log says why.")
        if not said.playing:
            await self._stop()
        return said

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _first_line(process: Process) -> bytes:
    if process.stdout is None:
        raise TypeError("the process was started without a pipe for its output")
    return await process.stdout.readline()


def _tracks(music_folder: Path | None) -> list[Track]:
    tracks = [Track(number, tune.title) for number, tune in enumerate(TUNES)]
    if music_folder is None:
        return tracks
    try:
        files = sorted(
            (file for file in music_folder.iterdir() if file.suffix.lower() in MUSIC_SUFFIXES and file.is_file()),
            key=lambda file: file.name.casefold(),
        )
    except OSError as error:
        logger.warning("the music folder cannot be read: %s", error)
        return tracks
    return tracks + [Track(len(TUNES) + index, file.stem, file) for index, file in enumerate(files)]
