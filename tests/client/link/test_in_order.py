"""A tab is told everything in order, and nothing before it listens."""

from __future__ import annotations

from client.link.in_order import InOrder


def test_what_comes_too_early_is_told_first_and_in_order() -> None:
    told: list[int] = []
    order = InOrder()
    order.do(lambda: told.append(1))
    order.do(lambda: told.append(2))
    assert told == []
    order.listen()
    order.do(lambda: told.append(3))
    assert told == [1, 2, 3]


def test_what_is_held_again_waits_again() -> None:
    told: list[int] = []
    order = InOrder()
    order.listen()
    order.hold()
    order.do(lambda: told.append(1))
    order.hold()
    assert told == []
    order.listen()
    assert told == [1]
