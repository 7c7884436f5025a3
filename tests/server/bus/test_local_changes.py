"""Who listens is told, in order; who fails spoils nothing; who left leaves nothing behind."""

from __future__ import annotations

import logging

import pytest

from server.bus.local_changes import LocalChanges
from server.core.identity import Identity
from server.state.changes import StateChange
from shared.news import StateChanged
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB


def change(key: str, owner: Identity = ADA) -> StateChange:
    return StateChange(owner, None, StateChanged(key, "stored"))


def test_everybody_who_listens_to_a_person_is_told_in_order_and_nobody_else() -> None:
    changes = LocalChanges()
    mine: list[StateChange] = []
    also_mine: list[StateChange] = []
    others: list[StateChange] = []
    changes.subscribe(ADA, mine.append)
    changes.subscribe(ADA, also_mine.append)
    changes.subscribe(ADA_OF_ACME, others.append)
    changes.subscribe(BOB, others.append)
    changes.publish(change("one"))
    changes.publish(change("two"))
    assert mine == also_mine == [change("one"), change("two")]
    assert others == []


def test_one_who_fails_spoils_nothing_for_the_writer_or_the_others(caplog: pytest.LogCaptureFixture) -> None:
    changes, told = LocalChanges(), list[StateChange]()

    def fail(_: StateChange) -> None:
        raise ValueError("a bug")

    changes.subscribe(ADA, fail)
    changes.subscribe(ADA, told.append)
    with caplog.at_level(logging.ERROR):
        changes.publish(change("one"))
        changes.publish(change("two"))
    assert told == [change("one"), change("two")]
    assert len(caplog.records) == 2


def test_who_left_is_told_nothing_more_and_leaves_nothing_behind() -> None:
    changes, told = LocalChanges(), list[StateChange]()
    leave = changes.subscribe(ADA, told.append)
    leave_too = changes.subscribe(ADA, told.append)
    leave()
    changes.publish(change("one"))
    assert told == [change("one")], "the same listener, subscribed twice, is there once still"
    leave_too()
    changes.publish(change("two"))
    assert told == [change("one")]
    assert changes._listeners == {}


def test_leaving_twice_takes_nobody_else_away() -> None:
    changes, told = LocalChanges(), list[StateChange]()
    leave = changes.subscribe(ADA, told.append)
    leave()
    changes.subscribe(ADA, told.append)
    leave()
    changes.publish(change("one"))
    assert told == [change("one")]


def test_who_comes_or_goes_while_others_are_told_disturbs_nobody() -> None:
    changes, told = LocalChanges(), list[str]()
    leaving = [changes.subscribe(ADA, lambda _: leaving[0]())]
    changes.subscribe(ADA, lambda _: told.append("old"))
    newcomer = changes.subscribe(
        ADA, lambda _: leave_later.append(changes.subscribe(ADA, lambda _: told.append("new")))
    )
    leave_later = [newcomer]
    changes.publish(change("one"))
    assert told == ["old"]
    changes.publish(change("two"))
    assert told == ["old", "old", "new"]
    for leave in leave_later:
        leave()


def test_a_thousand_who_come_and_go_leave_nothing_behind() -> None:
    changes = LocalChanges()
    for n in range(1_000):
        owner = (ADA, BOB, ADA_OF_ACME)[n % 3]
        changes.subscribe(owner, lambda _: None)()
    assert changes._listeners == {}
