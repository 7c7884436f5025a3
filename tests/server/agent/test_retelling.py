"""What a tab is told so that it shows what is stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.agent.retelling import retell
from server.context.turn_context import Told
from shared.frames import AgentSaid, AgentThought, AnswerRestarted
from tests.server.agent.stopped_turns import Screen

TEXTS = st.text("ab🙂", max_size=6)
ANSWERS = st.builds(Told, TEXTS, TEXTS)


@pytest.mark.parametrize(
    ("told", "stored", "expected"),
    [
        (Told(), Told(), []),
        (Told("one", "hm"), Told("one", "hm"), []),
        (Told("one two"), Told("one "), [AnswerRestarted(4, 0)]),
        (Told("one"), Told(), [AnswerRestarted(0, 0)]),
        (Told("one", "hm so"), Told("one", "hm"), [AnswerRestarted(3, 2)]),
        (Told("one t", "hm so"), Told("one", "hm"), [AnswerRestarted(3, 2)]),
        (Told("one "), Told("one two"), [AgentSaid("two")]),
        (Told("", "hm"), Told("one", "hm so"), [AgentThought(" so"), AgentSaid("one")]),
        (Told("one two"), Told("one ten"), [AnswerRestarted(5, 0), AgentSaid("en")]),
        (Told("one", "hm so"), Told("one two", "hm"), [AnswerRestarted(3, 2), AgentSaid(" two")]),
        (Told("a🙂b"), Told("a🙂c"), [AnswerRestarted(2, 0), AgentSaid("c")]),
    ],
)
def test_what_is_told_again(told: Told, stored: Told, expected: list[object]) -> None:
    assert list(retell(told, stored)) == expected


@given(ANSWERS, ANSWERS)
def test_afterwards_the_tab_shows_what_is_stored_and_no_more_was_taken_back_than_had_to_be(
    told: Told, stored: Told
) -> None:
    screen = Screen(told.said, told.thought)
    updates = retell(told, stored)
    for update in updates:
        screen.show(update)
    assert screen.told == stored
    is_taken_back = not (stored.said.startswith(told.said) and stored.thought.startswith(told.thought))
    assert [type(update) for update in updates].count(AnswerRestarted) == is_taken_back
    assert is_taken_back == any(isinstance(update, AnswerRestarted) for update in updates[:1])
    for restart in screen.restarts:
        assert told.said[restart.said : restart.said + 1] != stored.said[restart.said : restart.said + 1] or (
            restart.said == len(told.said) == len(stored.said)
        )
