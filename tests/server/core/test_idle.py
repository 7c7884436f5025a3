"""When an embedded server may leave."""

from __future__ import annotations

from server.core.idle import Idle


def test_it_waits_with_patience_for_its_first_client_and_with_grace_after_its_last() -> None:
    idle = Idle(grace=10, patience=60, since=0)
    assert not idle.is_over(59, clients=0, turns=0)
    assert not idle.is_over(59.5, clients=1, turns=0)
    assert not idle.is_over(69, clients=0, turns=0)
    assert idle.is_over(69.5, clients=0, turns=0)


def test_a_first_client_that_never_comes_ends_its_patience() -> None:
    assert Idle(grace=10, patience=60, since=0).is_over(60, clients=0, turns=0)


def test_a_turn_without_a_client_keeps_it() -> None:
    idle = Idle(grace=10, patience=60, since=0)
    assert not idle.is_over(1, clients=1, turns=1)
    assert not idle.is_over(100, clients=0, turns=1)
    assert not idle.is_over(109, clients=0, turns=0)
    assert idle.is_over(110, clients=0, turns=0)


def test_a_client_that_comes_back_in_time_begins_the_grace_anew() -> None:
    idle = Idle(grace=10, patience=60, since=0)
    for now in (0, 9, 18):
        assert not idle.is_over(now, clients=1, turns=0)
        assert not idle.is_over(now + 8, clients=0, turns=0)
