"""Plays one track over and over, as a process of its own, until its standard input ends.

Audio libraries write to the terminal when something is missing, and a screen that is being drawn must not be written
to; they also play from a thread that a busy interface would starve. So the music has a process to itself, which is
the only place that loads miniaudio. It says on one line of JSON how it went: ``{"playing": true}``, or
``{"playing": false, "note": "…"}`` when there is no audio device or the file is no music.
"""

from __future__ import annotations

import argparse
import json
import sys
from array import array
from collections.abc import Generator

import miniaudio

from client.tools.tunes import RATE, TUNES, render

FILE_RATE, FILE_CHANNELS = 44_100, 2


def loop_samples(samples: array[int]) -> Generator[array[int], int, None]:
    """Endless pieces of ``samples``, each as many as were asked for by ``send``."""
    position = 0
    wanted = yield array("h")
    while True:
        piece = array("h")
        while len(piece) < wanted:
            part = samples[position : position + wanted - len(piece)]
            position = (position + len(part)) % len(samples)
            piece.extend(part)
        wanted = yield piece


def loop_file(path: str) -> Generator[array[int], int, None]:
    """Endless pieces of a music file, decoded while it plays; each run through the file opens it anew."""
    wanted = yield array("h")
    while True:
        stream = miniaudio.stream_file(path, nchannels=FILE_CHANNELS, sample_rate=FILE_RATE)
        sounded = False
        while True:
            try:
                piece = stream.send(wanted)
            except StopIteration:
                break
            sounded = sounded or bool(piece)
            wanted = yield piece
        if not sounded:
            return


def main(arguments: list[str] | None = None) -> int:
    """Play until the standard input ends; the exit code is 0 if anything was played."""
    parser = argparse.ArgumentParser(prog="music_process")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tune", type=int, choices=range(len(TUNES)))
    what.add_argument("--file")
    parser.add_argument("--silent", action="store_true", help="play to a device that makes no sound")
    asked = parser.parse_args(arguments)
    backends = [miniaudio.Backend.NULL] if asked.silent else _audible_backends()
    try:
        if asked.file is not None:
            miniaudio.stream_file(asked.file, nchannels=FILE_CHANNELS, sample_rate=FILE_RATE).close()
    except (OSError, miniaudio.MiniaudioError):
        return _say(playing=False, note="This file cannot be read, or is no music that can be played.")
    rate, channels = (RATE, 1) if asked.file is None else (FILE_RATE, FILE_CHANNELS)
    try:
        device = miniaudio.PlaybackDevice(nchannels=channels, sample_rate=rate, backends=backends, app_name="Ringback")
    except miniaudio.MiniaudioError:
        return _say(playing=False, note="No audio device here: the track is chosen, but nothing can be heard.")
    with device:
        source = loop_samples(render(TUNES[asked.tune])) if asked.file is None else loop_file(asked.file)
        next(source)
        try:
            device.start(source)
        except miniaudio.MiniaudioError as error:
            return _say(playing=False, note=f"The audio device does not play: {error.args[0]}.")
        code = _say(playing=True)
        sys.stdin.buffer.read()
    return code


def _audible_backends() -> list[miniaudio.Backend]:
    return [backend for backend in miniaudio.Backend if backend is not miniaudio.Backend.NULL]


def _say(*, playing: bool, note: str | None = None) -> int:
    line = {"playing": playing} if note is None else {"playing": playing, "note": note}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return 0 if playing else 1


if __name__ == "__main__":
    sys.exit(main())
