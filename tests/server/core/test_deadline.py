"""Time is told by a clock that nobody can set."""

from __future__ import annotations

import pytest

from server.core.deadline import Deadline, Moment

LASTS = Deadline(Moment("boot", 100.0), 30.0)


@pytest.mark.parametrize(("at", "left"), [(100.0, 30.0), (110.0, 20.0), (130.0, 0.0), (131.5, -1.5)])
def test_in_the_same_boot_the_time_runs_on_whatever_process_asks(at: float, left: float) -> None:
    assert LASTS.remaining(Moment("boot", at)) == left


@pytest.mark.parametrize("at", [0.0, 110.0, 100_000.0])
def test_after_a_restart_of_the_machine_all_of_it_is_left_for_its_clock_says_nothing(at: float) -> None:
    assert LASTS.remaining(Moment("another boot", at)) == 30.0
