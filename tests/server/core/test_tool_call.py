"""The table of a tool call: the whole matrix written out, and any order of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.tool_call import TRANSITIONS, CallEvent, CallState, ImpossibleTransitionError, after

S = CallState

# In the order of CallEvent: ASK, ALLOW, DENY, APPROVE, REJECT, EXPIRE, CANCEL, CLAIM, RELEASE, SUCCEED,
# FAIL, LOSE
MATRIX = {
    S.REQUESTED: (S.SHOWN, S.APPROVED, S.DENIED, None, None, None, S.CANCELLED, None, None, None, None, None),
    S.SHOWN: (None, None, None, S.APPROVED, S.DENIED, S.EXPIRED, S.CANCELLED, None, None, None, None, None),
    S.APPROVED: (S.SHOWN, None, None, None, None, None, S.CANCELLED, S.CLAIMED, None, None, None, None),
    S.CLAIMED: (None, None, None, None, None, None, None, None, S.APPROVED, S.DONE, S.FAILED, S.IN_DOUBT),
    S.DONE: (None,) * 12,
    S.FAILED: (None,) * 12,
    S.IN_DOUBT: (None,) * 12,
    S.DENIED: (None,) * 12,
    S.EXPIRED: (None,) * 12,
    S.CANCELLED: (None,) * 12,
}
CELLS = [(state, event, then) for state, row in MATRIX.items() for event, then in zip(CallEvent, row, strict=True)]


@pytest.mark.parametrize(("state", "event", "then"), CELLS)
def test_every_cell_of_the_matrix_is_as_written(state: CallState, event: CallEvent, then: CallState | None) -> None:
    if then is not None:
        assert after(state, event) is then
        return
    with pytest.raises(ImpossibleTransitionError, match=event.name):
        after(state, event)


def test_the_matrix_names_every_state() -> None:
    assert set(MATRIX) == set(CallState)


def test_settled_states_are_those_that_nothing_leaves() -> None:
    assert set(CallState) - {state for state, _ in TRANSITIONS} == {
        S.DONE, S.FAILED, S.IN_DOUBT, S.DENIED, S.EXPIRED, S.CANCELLED,
    }  # fmt: skip


@given(st.lists(st.sampled_from(CallEvent), max_size=30))
def test_in_any_order_of_events_a_call_is_claimed_once_for_each_approval_or_release_and_ends_once(
    events: list[CallEvent],
) -> None:
    state, claims, chances, asked, answered = S.REQUESTED, 0, 0, 0, 0
    for event in events:
        try:
            state = after(state, event)
        except ImpossibleTransitionError:
            continue
        chances += state is S.APPROVED
        claims += state is S.CLAIMED
        asked += state is S.SHOWN
        answered += event in {CallEvent.APPROVE, CallEvent.REJECT, CallEvent.EXPIRE}
        assert claims <= chances
        assert answered <= asked
    if state in {S.DONE, S.FAILED, S.IN_DOUBT}:
        assert claims == 1
    if state in {S.DENIED, S.EXPIRED, S.CANCELLED}:
        assert claims == 0
