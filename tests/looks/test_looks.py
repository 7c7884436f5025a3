"""How every screen looks: narrow and wide, dark and light. Update with ``--snapshot-update`` after looking."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.looks.scenes import SCENES, Scene, fresh, stage

SnapCompare = Callable[..., bool]
SIZES = ((80, 24), (120, 40))


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("scene", SCENES, ids=[scene.__name__ for scene in SCENES])
def test_the_screen_looks_as_it_should(
    snap_compare: SnapCompare, scene: Scene, size: tuple[int, int], light: bool
) -> None:
    _compare(snap_compare, scene, size, light=light)


def test_a_terminal_that_is_too_small_gets_a_sentence(snap_compare: SnapCompare) -> None:
    _compare(snap_compare, fresh, (38, 10), light=False)


def test_without_colour_everything_is_still_told_apart(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _compare(snap_compare, SCENES[5], (80, 24), light=False)


def _compare(snap_compare: SnapCompare, scene: Scene, size: tuple[int, int], *, light: bool) -> None:
    on = stage(light=light)

    async def play(pilot: Pilot[None]) -> None:
        await on.begin(pilot)
        await scene(on, pilot)
        await on.settle(pilot)

    assert snap_compare(on.app, terminal_size=size, run_before=play)
