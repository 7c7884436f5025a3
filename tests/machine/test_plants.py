"""The machine finds each of these bugs: without that, its silence would show nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.any_order import AnyOrder
from tests.machine.plants import PLANTS
from tests.machine.test_any_order import UNBOTHERED

QUICK = {"told_before_commit", "one_seat_for_all"}
CASES = [pytest.param(plant, marks=[] if plant.__name__ in QUICK else [pytest.mark.stress]) for plant in PLANTS]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plant", CASES)
def test_the_machine_finds(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    few = settings(max_examples=600, stateful_step_count=40, database=None, phases=[Phase.generate], **UNBOTHERED)
    with pytest.raises(Exception, match=r"row \d|held by two|bug|logged|begun anew|never|answered"):
        run_state_machine_as_test(seed(1)(type("Planted", (AnyOrder,), {})), settings=few)
