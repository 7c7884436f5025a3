"""An answer that was cut and restarted reads as if it never had been."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.conversation import Conversation
from client.core.transcript_entries import Answer, Entry, Said, Thought, ToolCard
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, ToolStarted, TurnEnded, Update, UserSaid
from shared.ids import MessageId, ToolCallId

M0, M1 = MessageId("m0"), MessageId("m1")
BEFORE: list[Update] = [UserSaid(M0, "q"), AgentThought("old"), AgentSaid("old"), TurnEnded(M0, "end_turn")]
BEGUN = UserSaid(M1, "go")
ENDED = TurnEnded(M1, "end_turn")


def card(name: str) -> ToolStarted:
    return ToolStarted(ToolCallId(name), name, name, "other", {})


def heard(updates: Sequence[Update]) -> list[Entry]:
    conversation = Conversation()
    conversation.say(M1, "go")
    for seq, update in enumerate([*BEFORE, BEGUN, *updates], 1):
        conversation.update(seq, update)
    return list(conversation.entries.values())


def shown(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """What a person reads, without the keys."""
    return [(type(entry).__name__, entry.title if isinstance(entry, ToolCard) else entry.text) for entry in entries]


@pytest.mark.parametrize(
    ("updates", "said", "thought", "expected"),
    [
        ([], 0, 0, []),
        ([AgentSaid("abc")], 3, 0, [("Answer", "abc")]),
        ([AgentSaid("abc")], 1, 0, [("Answer", "a")]),
        ([AgentSaid("abc")], 0, 0, []),
        ([AgentThought("hm"), AgentSaid("abc")], 0, 2, [("Thought", "hm")]),
        ([AgentThought("hm"), AgentSaid("abc")], 0, 1, [("Thought", "h")]),
        ([AgentSaid("ab"), card("c"), AgentSaid("cd")], 3, 0, [("Answer", "ab"), ("ToolCard", "c"), ("Answer", "c")]),
        ([AgentSaid("ab"), card("c"), AgentSaid("cd")], 2, 0, [("Answer", "ab"), ("ToolCard", "c")]),
        ([AgentSaid("ab"), card("c"), AgentSaid("cd")], 1, 0, [("Answer", "a"), ("ToolCard", "c")]),
        ([AgentSaid("ab"), card("c")], 2, 0, [("Answer", "ab"), ("ToolCard", "c")]),
        ([AgentSaid("abc")], 99, 99, [("Answer", "abc")]),
    ],
)
def test_of_this_turns_answer_the_first_characters_stand(
    updates: list[Update], said: int, thought: int, expected: list[tuple[str, str]]
) -> None:
    entries = heard([*updates, AnswerRestarted(said, thought)])
    before = [("Said", "q"), ("Thought", "old"), ("Answer", "old"), ("Said", "go")]
    assert shown(entries) == [*before, *expected], "the turn before is left alone"


def test_what_goes_on_grows_at_the_place_where_it_was_cut() -> None:
    entries = heard([AgentSaid("abX"), AgentThought("Y"), AnswerRestarted(2, 0), AgentSaid("c")])
    assert shown(entries)[4:] == [("Answer", "abc")]


def test_a_message_that_waits_stays_at_the_end() -> None:
    conversation = Conversation()
    conversation.update(1, BEGUN)
    conversation.update(2, AgentSaid("abc"))
    conversation.say(MessageId("later"), "later")
    conversation.update(3, AnswerRestarted(1, 0))
    conversation.update(4, AgentSaid("Z"))
    assert shown(list(conversation.entries.values())) == [("Said", "go"), ("Answer", "aZ"), ("Said", "later")]


speech = st.one_of(
    st.text("ab\n", min_size=1, max_size=4).map(AgentSaid), st.text("xy", min_size=1, max_size=4).map(AgentThought)
)
turns = st.lists(st.one_of(speech, st.integers(0, 99).map(lambda number: card(f"c{number}"))), max_size=12)


@given(turns, st.data())
def test_whatever_is_cut_and_told_again_is_shown_as_if_it_were_told_once(
    turn: list[Update], data: st.DataObject
) -> None:
    turn = list(
        {
            update.call_id if isinstance(update, ToolStarted) else index: update for index, update in enumerate(turn)
        }.values()
    )
    stream: list[Update] = []
    told = 0
    for _ in range(data.draw(st.integers(0, 3))):
        cut = data.draw(st.integers(told, len(turn)))
        # A turn goes on behind its last stored step: speech may be void, calls are not.
        last_card = max((i + 1 for i, update in enumerate(turn[:cut]) if isinstance(update, ToolStarted)), default=0)
        stands = data.draw(st.integers(min(max(last_card, 0), cut), cut))
        stream += turn[told:cut]
        extra = data.draw(st.lists(speech, max_size=3))
        kept = turn[:stands]
        stream += [*extra, AnswerRestarted(length(kept, AgentSaid), length(kept, AgentThought))]
        told = stands
    stream += turn[told:]
    assert shown(heard([*stream, ENDED])) == shown(heard([*turn, ENDED]))
    assert all(entry.is_finished for entry in heard([*stream, ENDED]) if isinstance(entry, Answer | Thought))


@given(turns, st.data())
def test_even_where_calls_are_told_again_the_text_is_the_same_and_each_call_stands_once(
    turn: list[Update], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(turn)))
    stands = data.draw(st.integers(0, cut))
    kept = turn[:stands]
    restart = AnswerRestarted(length(kept, AgentSaid), length(kept, AgentThought))
    entries = heard([*turn[:cut], restart, *turn[stands:], ENDED])
    plain = heard([*turn, ENDED])
    for kind in (Answer, Thought, Said):
        assert joined(entries, kind) == joined(plain, kind)
    assert {entry.key for entry in entries if isinstance(entry, ToolCard)} == {
        entry.key for entry in plain if isinstance(entry, ToolCard)
    }


def length(updates: Sequence[Update], kind: type[AgentSaid | AgentThought]) -> int:
    return sum(len(update.text) for update in updates if isinstance(update, kind))


def joined(entries: Sequence[Entry], kind: type[Answer | Thought | Said]) -> str:
    return "".join(entry.text for entry in entries if isinstance(entry, kind))
