"""How every screen looks: narrow and wide, dark and light. Update with ``--snapshot-update`` after looking."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.looks.scenes import SCENES, Scene, Stage, fresh, stage

SnapCompare = Callable[..., bool]
STORED = Path(__file__).parent / "__snapshots__" / "test_looks"
PATIENCE = 5.0
"""Seconds until a picture is what it will be: Textual takes a program that gets no processor time for one at rest."""

LOOKS = [
    pytest.param(scene, size, light, id="-".join((scene.__name__, name, "light" if light else "dark")), marks=marks)
    for scene in SCENES
    for size, light, name, marks in (
        ((80, 24), False, "80x24", ()),
        ((80, 24), True, "80x24", ()),
        ((120, 40), False, "120x40", ()),
        # The colours of the one and the places of the other are looked at each time.
        ((120, 40), True, "120x40", pytest.mark.stress),
    )
]


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> str | None:
    """The picture as it should be, if there is one yet."""
    path = STORED / f"{request.node.name}.svg"
    if request.config.getoption("--snapshot-update") or not path.exists():
        return None
    return _plain(path.read_text())


@pytest.mark.parametrize(("scene", "size", "light"), LOOKS)
def test_the_screen_looks_as_it_should(
    snap_compare: SnapCompare, stored: str | None, scene: Scene, size: tuple[int, int], light: bool
) -> None:
    _compare(snap_compare, stored, scene, size, light=light)


def test_a_terminal_that_is_too_small_gets_a_sentence(snap_compare: SnapCompare, stored: str | None) -> None:
    _compare(snap_compare, stored, fresh, (38, 10), light=False)


def test_without_colour_everything_is_still_told_apart(
    snap_compare: SnapCompare, stored: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _compare(snap_compare, stored, SCENES[5], (80, 24), light=False)


def _compare(
    snap_compare: SnapCompare, stored: str | None, scene: Scene, size: tuple[int, int], *, light: bool
) -> None:
    on = stage(light=light)

    async def play(pilot: Pilot[None]) -> None:
        await on.begin(pilot)
        await scene(on, pilot)
        await on.settle(pilot)
        if stored is not None:
            await _come_to_look_like(stored, on, pilot)

    assert snap_compare(on.app, terminal_size=size, run_before=play)


async def _come_to_look_like(stored: str, on: Stage, pilot: Pilot[None]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while _plain(on.app.export_screenshot(title=on.app.title, simplify=True)) != stored:
                await pilot.pause()


def _plain(svg: str) -> str:
    """Without the number that each picture has of its own."""
    return re.sub(r"\bterminal-\d+-", "terminal-", svg)
