"""A steady pace for long, and some haste now and then."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.core.pace import Pace


def test_as_many_as_are_allowed_at_once_wait_for_nothing_and_the_next_one_does() -> None:
    pace = Pace(per_second=10, at_once=3)
    assert [pace.step(100.0) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]


def test_who_paused_may_hurry_again() -> None:
    pace = Pace(per_second=10, at_once=3)
    for _ in range(3):
        pace.step(0.0)
    assert [pace.step(1000.0) for _ in range(4)] == [0, 0, 0, 0.1]


def test_a_clock_that_stands_still_or_goes_back_gives_nothing_away() -> None:
    pace = Pace(per_second=10, at_once=1)
    assert pace.step(50.0) == 0
    assert pace.step(40.0) > 0


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_whoever_waits_as_told_never_goes_faster_than_the_pace(gaps: list[float]) -> None:
    pace, now = Pace(per_second=20, at_once=4), 0.0
    for steps, gap in enumerate(gaps, 1):
        now += gap
        now += pace.step(now)
        assert steps <= 4 + 20 * now + 1e-6


def test_a_step_that_is_more_work_takes_more() -> None:
    pace = Pace(per_second=10, at_once=10)
    assert [pace.step(0.0, 5.0) for _ in range(3)] == [0, 0, 0.5]
