"""Noticing the same call again and again."""

from __future__ import annotations

import pytest

from server.core.doom_loop import DoomLoop, ordinal


def test_every_third_time_is_noticed() -> None:
    loop = DoomLoop()
    assert [loop.seen("a", "1") for _ in range(7)] == [False, False, True, False, False, True, False]
    assert loop.times("a", "1") == 7


def test_each_tool_and_each_set_of_arguments_is_counted_by_itself() -> None:
    loop = DoomLoop()
    seen = [loop.seen(*call) for call in [("a", "1"), ("a", "2"), ("b", "1"), ("a", "1"), ("b", "1"), ("a", "1")]]
    assert seen == [False] * 5 + [True]
    assert (loop.times("a", "1"), loop.times("a", "2"), loop.times("b", "1"), loop.times("c", "1")) == (3, 1, 2, 0)


def test_two_conversations_count_apart() -> None:
    first, second = DoomLoop(), DoomLoop()
    first.seen("a", "1")
    assert second.times("a", "1") == 0


def test_a_new_turn_counts_from_nothing() -> None:
    loop = DoomLoop()
    loop.seen("a", "1")
    loop.seen("a", "1")
    loop.clear()
    assert not loop.seen("a", "1")
    assert loop.times("a", "1") == 1


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (6, "6th"), (9, "9th"), (11, "11th"), (12, "12th"),
     (13, "13th"), (21, "21st"), (22, "22nd"), (33, "33rd"), (111, "111th"), (112, "112th"), (121, "121st")],
)  # fmt: skip
def test_a_number_is_said_as_people_say_it(number: int, word: str) -> None:
    assert ordinal(number) == word
