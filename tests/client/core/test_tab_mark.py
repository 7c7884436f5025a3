"""One mark per tab, the most urgent; and where the jump to the next waiting tab goes."""

from __future__ import annotations

import pytest

from client.core.tab_mark import LinkState, Mark, TabState, next_waiting

OPEN = LinkState.OPEN


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        (TabState(OPEN), Mark.QUIET),
        (TabState(OPEN, is_unread=True), Mark.UNREAD),
        (TabState(OPEN, is_working=True, is_unread=True), Mark.WORKING),
        (TabState(LinkState.CONNECTING), Mark.NOT_CONNECTED),
        (TabState(LinkState.LOST, is_working=True), Mark.NOT_CONNECTED),
        (TabState(LinkState.FAILED), Mark.ERROR),
        (TabState(OPEN, has_error=True, is_working=True), Mark.ERROR),
        (TabState(OPEN, approvals=1, has_error=True, is_working=True, is_unread=True), Mark.APPROVAL),
    ],
)
def test_the_mark_is_the_most_urgent_thing(state: TabState, mark: Mark) -> None:
    assert state.mark is mark


def test_every_mark_has_a_character_of_its_own() -> None:
    assert len({mark.value for mark in Mark}) == len(Mark)
    assert all(len(mark.value) == 1 for mark in Mark)


def test_the_jump_prefers_approvals_then_errors_then_what_is_unread() -> None:
    states = [
        TabState(OPEN),
        TabState(OPEN, is_unread=True),
        TabState(OPEN, has_error=True),
        TabState(OPEN, approvals=1),
    ]
    assert next_waiting(states, 0) == 3
    assert next_waiting(states[:3], 0) == 2
    assert next_waiting(states[:2], 0) == 1
    assert next_waiting(states[:1], 0) is None


def test_the_jump_goes_round_from_the_tab_in_front() -> None:
    waiting = TabState(OPEN, approvals=1)
    states = [waiting, TabState(OPEN), waiting]
    assert next_waiting(states, 1) == 2
    assert next_waiting(states, 2) == 0
