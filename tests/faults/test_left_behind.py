"""Nothing that a command began outlives its end, however the command hides it and however it is ended."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import uuid
from pathlib import Path

import pytest

from client.tools import command_keeper
from client.tools.command_runs import CommandRuns
from tests.client.tools.test_run_command import begun, living

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked for in /proc")

SHORT, LONG, AT_ONCE = 10, 200, 5
HIDDEN = (
    "sleep 1000",
    "(sleep 1000)",
    "nohup sleep 1000",
    "setsid sleep 1000",
    "setsid -f sh -c 'sleep 1000'",
    "sh -c 'setsid sh -c \"sleep 1000 & sleep 1000\" & exit'",
    "sh -c 'trap \"\" TERM HUP; sleep 1000; sleep 1000'",
)
ENDS = ("over", "time", "stopped", "cancelled")


async def trial(folder: Path, dice: random.Random) -> str | None:
    """What was left, and how; ``None`` if nothing was."""
    mark, end, hidden = uuid.uuid4().hex, dice.choice(ENDS), dice.choice(HIDDEN)
    command = f"export MARK={mark}; {hidden} & sleep 0.3{'' if end == 'over' else '; sleep 1000'}"
    runs = CommandRuns(lambda: dict(os.environ))
    running = asyncio.create_task(runs.run(command, folder, 1 if end == "time" else 60))
    await begun(mark, 2)
    if end == "stopped":
        runs.stop("enough")
    elif end == "cancelled":
        running.cancel()
    await asyncio.wait({running}, timeout=20)
    left = living(mark)
    for pid in left:
        os.kill(pid, 9)
    return f"{len(left)} after {end}: {hidden}" if left or not running.done() else None


async def trials(folder: Path, count: int, seed: int = 3) -> list[str]:
    dice, wrongs = random.Random(seed), []
    for _ in range(0, count, AT_ONCE):
        found = await asyncio.gather(*(trial(folder, dice) for _ in range(AT_ONCE)))
        wrongs += [one for one in found if one is not None]
    return wrongs


@pytest.mark.timeout(600)
@pytest.mark.parametrize("count", [SHORT, pytest.param(LONG, marks=pytest.mark.stress)])
async def test_nothing_of_a_command_is_left(tmp_path: Path, count: int) -> None:
    assert await trials(tmp_path, count) == []


DESCENT = "found, following = [], [ancestor]"
PLANTS = {
    "only what is in the command's own group is ended": (
        DESCENT,
        f"return [pid for pid in parents.get(ancestor, ()) if os.getpgid(pid) == pid][:1]; {DESCENT}",
    ),
    "nothing is ended": ("os.kill(pid, which)", "pass"),
    "what is left behind is not adopted": ("prctl(SUBREAPER, 1", "prctl(SUBREAPER, 0"),
}
QUICK = "what is left behind is not adopted"


@pytest.mark.parametrize(
    "plant", [pytest.param(plant, marks=[] if plant == QUICK else pytest.mark.stress) for plant in PLANTS]
)
async def test_a_keeper_that_ends_less_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: str) -> None:
    script = Path(command_keeper.__file__).read_text()
    good, bad = PLANTS[plant]
    assert script.count(good) == 1
    planted = tmp_path / "planted_keeper.py"
    planted.write_text(
        script.replace(good, bad).replace("SECONDS = 2.0", "SECONDS = 0.3").replace("SECONDS = 5.0", "SECONDS = 0.3")
    )
    monkeypatch.setattr(command_keeper, "__file__", str(planted))
    assert await trials(tmp_path, SHORT)
