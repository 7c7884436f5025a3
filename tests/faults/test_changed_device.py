"""What was shown of the device is what the tool finds there, or it does nothing: files and folders that changed."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from client.core.device_presets import device_named
from client.tools.command_runs import CommandRuns
from client.tools.device import DeviceState, WritingRules
from client.tools.music import MusicPlayer
from client.tools.shown import Shown, ShownPlace
from client.tools.toolkit import Toolkit
from shared.frames import ApprovalAsked, ToolCalled
from shared.ids import ClaimId, SessionId, ToolCallId
from shared.json_types import JsonObject
from tests.client.tab_for_tests import ToolboxForTests, runs_for_tests

SHORT, LONG = 60, 1_000


@dataclass
class Tally:
    trials: int = 0
    ran: int = 0
    refused: int = 0
    wrongs: list[str] = field(default_factory=list)


def nothing(_: Path) -> None:
    """Nobody did anything."""


def touched(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))


def rewritten(folder: Path) -> None:
    (folder / "sub" / "file").write_text("somebody else's\n")


def lengthened(folder: Path) -> None:
    with (folder / "sub" / "file").open("a") as file:
        file.write("!")


def deleted(folder: Path) -> None:
    (folder / "sub" / "file").unlink(missing_ok=True)


def linked(folder: Path) -> None:
    (folder / "sub" / "file").unlink(missing_ok=True)
    (folder / "sub" / "file").symlink_to(folder / "other" / "file")


def led_elsewhere(folder: Path) -> None:
    shutil.move(folder / "sub", folder / "away")
    (folder / "sub").symlink_to(folder / "other")


HARMLESS = (nothing, touched)
FOR_FILES = (*HARMLESS, rewritten, lengthened, deleted, linked, led_elsewhere)
FOR_COMMANDS = (*HARMLESS, led_elsewhere)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.resolve()): path.read_text() for path in folder.rglob("*") if path.is_file()}


async def trial(home: Path, dice: random.Random, tally: Tally) -> None:
    folder = home / "work"
    for name in ("sub", "other"):
        (folder / name).mkdir(parents=True)
    is_there = dice.random() < 0.8
    if is_there:
        (folder / "sub" / "file").write_text("as it was shown\n")
    (folder / "other" / "file").write_text("of somebody else\n")
    rules = WritingRules(home / "backups")
    state = DeviceState(
        device_named("PC"), ToolboxForTests(), MusicPlayer(None), folder, writing=rules,
        commands=CommandRuns(lambda: dict(os.environ)),
    )  # fmt: skip
    tools = Toolkit(state, runs_for_tests())
    await tools.announce()
    name = "write_file" if dice.random() < 0.9 else "run_command"
    arguments: JsonObject = (
        {"path": "sub/file", "content": "new\n", "mode": dice.choice(("replace", "append"))}
        if name == "write_file"
        else {"command": "echo ran > ran", "cwd": "sub"}
    )
    asked = ApprovalAsked(SessionId("s"), ToolCallId("c"), name, "", "other", arguments, "", "", expires_in=60)
    assert await tools.preview(asked) is not None
    change: Callable[[Path], None] = dice.choice(FOR_FILES if name == "write_file" else FOR_COMMANDS)
    if not is_there and change is deleted:
        change = nothing
    change(folder)
    before = contents(folder)
    result = await tools.run(ToolCalled(SessionId("s"), ToolCallId("c"), name, arguments, ClaimId(str(home))))
    tally.trials += 1
    has_run = result["success"] is True or contents(folder) != before
    tally.ran += has_run
    tally.refused += not has_run
    if has_run is not (change in HARMLESS):
        tally.wrongs.append(f"{name}, {change.__name__}, {'' if is_there else 'no '}file: {result}")


async def trials(home: Path, count: int, seed: int = 7) -> Tally:
    dice, tally = random.Random(seed), Tally()
    for number in range(count):
        await trial(home / str(number), dice, tally)
    return tally


@pytest.mark.parametrize("count", [SHORT, pytest.param(LONG, marks=pytest.mark.stress)])
async def test_nothing_is_done_to_a_device_that_is_not_as_it_was_shown(tmp_path: Path, count: int) -> None:
    tally = await trials(tmp_path, count)
    print(f"{tally.trials} trials: {tally.ran} ran, {tally.refused} refused, wrong: {tally.wrongs[:3]}")
    assert tally.wrongs == []
    assert min(tally.ran, tally.refused) > count / 10, "there was something to let through, and something to refuse"


def shows_nothing(self: Shown, call_id: ToolCallId | None, arguments: JsonObject) -> ShownPlace | None:
    return None


def looks_at_the_path_alone(self: Shown, call_id: ToolCallId, arguments: JsonObject, place: ShownPlace) -> None:
    honest_note(self, call_id, arguments, ShownPlace(place.path, Everything(place.digest)))


class Everything(str):
    """Equal to any digest."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


honest_note = Shown.note


@pytest.mark.parametrize(("method", "plant"), [("place_of", shows_nothing), ("note", looks_at_the_path_alone)])
async def test_a_device_that_forgets_what_it_showed_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, plant: Callable[..., object]
) -> None:
    monkeypatch.setattr(Shown, method, plant)
    tally = await trials(tmp_path, SHORT)
    assert tally.wrongs
