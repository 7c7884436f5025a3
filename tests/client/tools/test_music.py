"""The music player, with its real process; where there is no audio device it plays to one that makes no sound."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.core.device_presets import device_named
from client.settings import child_environment
from client.tools import change_bgm
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.music import PLAYER_COMMAND, MusicPlayer, Playing
from client.tools.music_process import loop_file, loop_samples
from client.tools.tunes import LOUDEST, RATE, TUNES, render
from shared.json_types import JsonObject
from tests.client.tab_for_tests import ToolboxForTests

SILENT = (*PLAYER_COMMAND, "--silent")


@asynccontextmanager
async def player(folder: Path | None = None, command: tuple[str, ...] = SILENT) -> AsyncIterator[MusicPlayer]:
    made = MusicPlayer(folder, child_environment(), command)
    try:
        yield made
    finally:
        await made.stop()


async def choose(track: int, music: MusicPlayer, toolbox: ToolboxForTests) -> JsonObject:
    state = DeviceState(device_named("PC"), toolbox, music, Path("/"))
    return await change_bgm.run({"track": track}, state)


def make_wav(path: Path, seconds: float = 0.1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(array("h", range(int(8000 * seconds))).tobytes())


async def test_a_track_plays_and_stays_visible() -> None:
    toolbox = ToolboxForTests()
    async with player() as music:
        assert await choose(1, music, toolbox) == {
            "success": True,
            "track": 1,
            "title": "Slow harbour",
            "playing": True,
        }
    assert toolbox.tracks == ["Slow harbour"]


async def test_the_newest_choice_wins_and_the_one_before_stops() -> None:
    async with player() as music:
        await music.play(0)
        first = music._process
        assert first is not None
        await asyncio.gather(music.play(1), music.play(2))
        assert first.returncode is not None
        last = music._process
        assert last is not None
        command = await asyncio.to_thread(Path(f"/proc/{last.pid}/cmdline").read_bytes)
        assert command.endswith(b"--tune\x002\x00")
        await music.stop()
        assert last.returncode is not None


async def test_without_an_audio_device_the_track_is_chosen_all_the_same_and_it_says_so() -> None:
    toolbox = ToolboxForTests()
    command = (
        sys.executable,
        "-c",
        'print(\'{"playing": false, "note": "No audio device here: nothing can be heard."}\')',
    )
    async with player(command=command) as music:
        answer = await choose(0, music, toolbox)
    assert (answer["success"], answer["track"], answer["playing"]) == (True, 0, False)
    assert "No audio device" in str(answer["note"])
    assert toolbox.tracks == ["Morning stairs (silent)"]


async def test_the_real_device_plays_or_says_that_there_is_none() -> None:
    async with player(command=PLAYER_COMMAND) as music:
        _, said = await music.play(0)
    assert said == Playing(playing=True) or "No audio device here" in str(said.note)


@pytest.mark.parametrize("command", [("/nowhere/python",), (sys.executable, "-c", "print('what?')"), ("/bin/true",)])
async def test_a_music_process_that_does_not_come_up_costs_no_choice(command: tuple[str, ...]) -> None:
    async with player(command=command) as music:
        track, said = await music.play(2)
    assert track.number == 2
    assert not said.playing


async def test_the_persons_own_files_follow_in_name_order_and_play(tmp_path: Path) -> None:
    for name in ("b.wav", "A.wav", "cover.png"):
        make_wav(tmp_path / name)
    async with player(tmp_path) as music:
        titles = [(await music.play(number))[0].title for number in (3, 4)]
        with pytest.raises(ToolFailedError, match="the tracks are 0 to 4"):
            await music.play(5)
    assert titles == ["A", "b"]


async def test_a_file_that_is_no_music_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.mp3").write_text("words", encoding="utf-8")
    async with player(tmp_path) as music:
        _, said = await music.play(3)
    assert "no music" in str(said.note)


@pytest.mark.parametrize("folder", [None, Path("/nowhere")])
async def test_a_track_that_does_not_exist_is_refused_and_the_range_named(folder: Path | None) -> None:
    async with player(folder) as music:
        with pytest.raises(ToolFailedError, match="There is no track 3: the tracks are 0 to 2"):
            await music.play(3)


async def test_the_music_ends_with_the_program_that_asked_for_it() -> None:
    script = (
        "import asyncio, sys\n"
        "from client.settings import child_environment\n"
        "from client.tools.music import MusicPlayer\n"
        "async def main():\n"
        f"    player = MusicPlayer(None, child_environment(), {SILENT!r})\n"
        "    await player.play(0)\n"
        "    print(player._process.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env=child_environment()
    )
    assert program.stdout is not None
    async with asyncio.timeout(20):
        pid = int(await program.stdout.readline())
        watching = os.pidfd_open(pid)
        program.send_signal(signal.SIGKILL)
        await program.wait()
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(watching, gone.set)
        await gone.wait()
        asyncio.get_running_loop().remove_reader(watching)
    os.close(watching)


@pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.title)
def test_a_loop_lasts_a_few_seconds_is_quiet_and_closes_without_a_click(tune: object) -> None:
    found = next(known for known in TUNES if known is tune)
    samples = render(found)
    assert len(samples) == round(found.seconds * RATE)
    assert 5 <= found.seconds <= 12
    assert max(map(abs, samples)) <= LOUDEST * 32_768
    steps = [abs(after - before) for before, after in itertools.pairwise(samples)]
    assert abs(samples[0] - samples[-1]) <= max(steps)


def test_looped_samples_come_in_any_size_and_never_end() -> None:
    source = loop_samples(array("h", [1, 2, 3]))
    next(source)
    assert [list(source.send(wanted)) for wanted in (2, 2, 7)] == [[1, 2], [3, 1], [2, 3, 1, 2, 3, 1, 2]]


def test_a_looped_file_begins_anew_at_its_end(tmp_path: Path) -> None:
    make_wav(tmp_path / "x.wav", 0.05)
    source = loop_file(str(tmp_path / "x.wav"))
    next(source)
    sounded = sum(len(source.send(1000)) for _ in range(20))
    assert sounded > 3 * 0.05 * 44_100 * 2
    source.close()
