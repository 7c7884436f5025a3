"""A full disk or a locked database loses nothing that was acknowledged; the people are told, and it goes on."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.storage.group_commit import AWAY, BACK
from tests.faults.household import Household, household, notify
from tests.faults.nursery import Nursery

NAMES = ("PC", "laptop")
NOT_STORED = "could not be read or stored"
"""In the sentence with which a turn ends whose history cannot be written."""
SIZE = 12
"""Of the disk, in MiB: more than an idle server needs, and soon full."""
STALLED = 500.0
"""Milliseconds that the event loop may be late where other tests are busy as well; 100 are promised."""


@dataclass
class Tally:
    """What one outage saw."""

    acknowledged_before: int = 0
    refused: int = 0
    stall: float = 0.0
    notices: list[str] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of its own at ``folder``; skips the test where none can be made."""
    folder.mkdir(parents=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount the small disk that this test fills")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    """Leave no room at all."""
    with file.open("wb", buffering=0) as filler:
        for size in (2**20, 2**12, 1):
            try:
                while filler.write(b"x" * size):
                    pass
            except OSError:
                continue


def say_much(house: Household, when: str) -> None:
    for tab in house.tabs:
        for number, text in enumerate((f"hello {when}", "/stream 200", f"/tool {notify(f'{tab.name} {when}')}")):
            tab.say(f"{when} {number}", text)


async def outage(house: Household, begin: object, end: object, seconds: float, tally: Tally) -> None:
    """Say something before, during and after it."""
    assert callable(begin)
    assert callable(end)
    say_much(house, "before")
    await house.until("it goes on", lambda: all(tab.seen.seq > 5 for tab in house.tabs))
    (house.home / "stalls.begin").touch()
    begin()
    try:
        say_much(house, "during")
        await asyncio.sleep(seconds)
        tally.acknowledged_before = sum(len(tab.acknowledged) for tab in house.tabs)
    finally:
        end()
    say_much(house, "after")
    # What was refused because it could not be stored in time is sent again, as a person would.
    for _ in range(100):
        for tab in house.tabs:
            if tab.refused:
                tally.refused += len(tab.refused)
                tab.refused.clear()
                for name in [name for name in tab.said if name not in tab.acknowledged]:
                    tab.say(name, tab.said[name])
        try:
            await house.until("all is over", lambda: all(set(t.said) == set(t.ended) for t in house.tabs), 0.5)
            break
        except AssertionError:
            continue
    assert house.life is not None
    assert not house.life.is_over, house.log[-2000:]
    tally.notices = [notice for tab in house.tabs for notice in tab.notices]
    tally.stall = float((house.home / "stalls").read_text(encoding="ascii"))
    tally.wrongs += house.wrongs(may_fail=NOT_STORED)
    # And after a kill, all of it is still there.
    await house.end()
    assert await house.start()
    await house.until("they are back", lambda: all(tab.visit is not None for tab in house.tabs))
    tally.wrongs += house.wrongs(may_fail=NOT_STORED)
    print(
        f"{tally.acknowledged_before} acknowledged before the end of the outage, {tally.refused} refused meanwhile, "
        f"{sorted(set(tally.notices))}, longest stall {tally.stall:.0f} ms"
    )


async def full(nursery: Nursery, home: Path, *, seconds: float, plant: str | None = None) -> Tally:
    tally = Tally()
    with small_disk(home / "data"):
        async with household(nursery, home, *NAMES) as house:
            house.plant = plant
            assert await house.start({"stalls": str(home / "stalls")})
            filler = home / "data" / "filler"
            await outage(house, lambda: fill(filler), filler.unlink, seconds, tally)
    return tally


async def locked(nursery: Nursery, home: Path, *, seconds: float, plant: str | None = None) -> Tally:
    tally = Tally()
    async with household(nursery, home, *NAMES) as house:
        house.plant = plant
        assert await house.start({"stalls": str(home / "stalls")})
        await house.until("there is a database", house.database.exists)
        with closing(sqlite3.connect(house.database, isolation_level=None, timeout=10)) as other:
            await outage(
                house, lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK"), seconds, tally
            )
    return tally


async def test_a_full_disk_loses_nothing_that_was_acknowledged_and_is_told(nursery: Nursery, tmp_path: Path) -> None:
    tally = await full(nursery, tmp_path, seconds=1.0)
    assert tally.wrongs == []
    assert {AWAY, BACK} <= set(tally.notices)
    assert tally.stall < STALLED


async def test_a_database_that_another_program_locks_loses_nothing(nursery: Nursery, tmp_path: Path) -> None:
    tally = await locked(nursery, tmp_path, seconds=3.0)
    assert tally.wrongs == []
    assert tally.stall < STALLED


@pytest.mark.stress
async def test_a_database_that_is_locked_for_long_is_told(nursery: Nursery, tmp_path: Path) -> None:
    tally = await locked(nursery, tmp_path, seconds=8.0)
    assert tally.wrongs == []
    # By a notice where something is on its way to be stored, or else by the refusal of what is said.
    assert tally.refused or {AWAY, BACK} <= set(tally.notices)
