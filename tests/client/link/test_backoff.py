"""How long a link waits before it tries again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from client.link.backoff import FIRST, LONGEST, delay


def test_it_begins_short_and_doubles_up_to_the_longest() -> None:
    assert [delay(attempt, lambda: 0.0) for attempt in range(1, 9)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_it_is_never_shorter_than_half_the_first_nor_longer_than_the_longest(attempt: int, chance: float) -> None:
    assert FIRST / 2 <= delay(attempt, lambda: chance) <= LONGEST


def test_two_tabs_do_not_come_back_at_one_moment() -> None:
    assert len({delay(7) for _ in range(20)}) > 15
