"""What the person and the server say becomes a transcript in the right order."""

from __future__ import annotations

from client.core.conversation import Conversation
from client.core.transcript_entries import (
    Added,
    Answer,
    CallState,
    Changed,
    Delivery,
    Entry,
    Extended,
    Note,
    Removed,
    Said,
    Thought,
    Tone,
    ToolCard,
)
from shared.frames import (
    AgentSaid,
    AgentThought,
    ApprovalAsked,
    Choice,
    Command,
    CommandsOffered,
    Problem,
    TodosChanged,
    ToolCalled,
    ToolChanged,
    ToolStarted,
    TurnEnded,
    Update,
    UsageChanged,
    UserSaid,
)
from shared.ids import ClaimId, MessageId, SessionId, ToolCallId
from shared.news import StateChanged
from shared.todos import Todo
from shared.usage import TokenUsage

M1, M2 = MessageId("m1"), MessageId("m2")
CALL = ToolCallId("call")
STARTED = ToolStarted(CALL, "change_bgm", "Change the background music", "other", {"track": 1})
ASKED = ApprovalAsked(SessionId("s"), CALL, "change_bgm", "Change", "other", {"track": 1}, "h", "risk", 60.0)


class Talk:
    """A conversation whose updates are numbered by themselves."""

    def __init__(self) -> None:
        self.conversation = Conversation()
        self.seq = 0

    def hear(self, *updates: Update) -> None:
        for update in updates:
            self.seq += 1
            self.conversation.update(self.seq, update)

    @property
    def entries(self) -> list[Entry]:
        return list(self.conversation.entries.values())

    def card(self) -> ToolCard:
        return next(entry for entry in self.entries if isinstance(entry, ToolCard))


def test_a_message_waits_until_it_is_acknowledged() -> None:
    talk = Talk()
    assert talk.conversation.say(M1, "hi") == [Added(Said(M1, "hi", Delivery.WAITING))]
    assert not talk.conversation.is_working
    talk.hear(UserSaid(M1, "hi"))
    assert talk.entries == [Said(M1, "hi", Delivery.TAKEN)]
    assert talk.conversation.is_working


def test_an_answer_grows_and_is_finished_by_the_turns_end() -> None:
    talk = Talk()
    talk.conversation.say(M1, "hi")
    talk.hear(UserSaid(M1, "hi"), AgentSaid("Hel"))
    assert talk.conversation.update(3, AgentSaid("lo")) == [Extended("entry-1", "lo")]
    assert talk.conversation.update(4, TurnEnded(M1, "end_turn")) == [Changed(Answer("entry-1", "Hello", True))]
    assert not talk.conversation.is_working


def test_what_the_agent_says_stands_before_the_messages_that_wait() -> None:
    talk = Talk()
    talk.conversation.say(M1, "first")
    talk.hear(UserSaid(M1, "first"))
    talk.conversation.say(M2, "second")
    talk.hear(AgentSaid("answer to the first"), STARTED, AgentSaid("more"))
    kinds = [type(entry) for entry in talk.entries]
    assert kinds == [Said, Answer, ToolCard, Answer, Said]
    talk.hear(TurnEnded(M1, "end_turn"), UserSaid(M2, "second"), AgentSaid("answer to the second"))
    assert [type(entry) for entry in talk.entries] == [Said, Answer, ToolCard, Answer, Said, Answer]


def test_a_tool_between_two_stretches_of_an_answer_splits_them() -> None:
    talk = Talk()
    talk.hear(AgentSaid("before"), STARTED, AgentSaid("after"))
    assert [type(entry) for entry in talk.entries] == [Answer, ToolCard, Answer]
    first = talk.entries[0]
    assert isinstance(first, Answer)
    assert first.is_finished


def test_thoughts_and_answers_are_told_apart() -> None:
    talk = Talk()
    talk.hear(AgentThought("hm"), AgentThought("m"), AgentSaid("so"))
    assert talk.entries == [Thought("entry-1", "hmm", True), Answer("entry-2", "so")]


def test_a_decision_stands_in_the_card_with_its_time_and_device() -> None:
    talk = Talk()
    talk.hear(STARTED)
    talk.conversation.ask(ASKED)
    assert talk.card().state is CallState.ASKING
    talk.conversation.decide(CALL, Choice.ALLOW_ONCE, "14:03, iPhone")
    assert talk.card().decision == "You allowed this once, 14:03, iPhone."
    talk.conversation.called(ToolCalled(SessionId("s"), CALL, "change_bgm", {"track": 1}, ClaimId("claim")))
    assert talk.card().state is CallState.RUNNING
    assert talk.card().runs_here
    talk.hear(ToolChanged(CALL, "completed", {"success": True, "track": 1}))
    assert (talk.card().state, talk.card().result) == (CallState.DONE, {"success": True, "track": 1})


def test_a_rejected_call_stays_rejected_when_its_refusal_comes_back() -> None:
    talk = Talk()
    talk.hear(STARTED)
    talk.conversation.ask(ASKED)
    talk.conversation.decide(CALL, Choice.REJECT_ONCE, "14:03, PC")
    talk.hear(ToolChanged(CALL, "failed", {"success": False, "error": "rejected"}))
    assert talk.card().state is CallState.REJECTED


def test_a_result_that_says_no_success_is_a_failure() -> None:
    talk = Talk()
    talk.hear(STARTED, ToolChanged(CALL, "completed", {"success": False, "error": "no device"}))
    assert talk.card().state is CallState.FAILED


def test_a_question_without_a_card_makes_one() -> None:
    talk = Talk()
    talk.conversation.ask(ASKED)
    assert talk.card().state is CallState.ASKING


def test_a_withdrawn_question_says_why() -> None:
    talk = Talk()
    talk.conversation.ask(ASKED)
    talk.conversation.withdraw(CALL, "Nobody answered in time.", "14:08, PC")
    assert talk.card().decision == "Not decided: Nobody answered in time, 14:08, PC."


def test_a_failed_turn_leaves_its_sentence_and_an_error_until_the_next_message() -> None:
    talk = Talk()
    talk.conversation.say(M1, "hi")
    talk.hear(UserSaid(M1, "hi"), TurnEnded(M1, "end_turn", Problem(-32013, "The model failed.")))
    assert talk.entries[-1] == Note("entry-1", "The model failed.", Tone.ERROR)
    assert talk.conversation.has_failed
    talk.conversation.say(M2, "again")
    assert not talk.conversation.has_failed


def test_a_message_dropped_by_a_cancel_says_that_it_was_not_sent() -> None:
    talk = Talk()
    talk.conversation.say(M1, "first")
    talk.hear(UserSaid(M1, "first"))
    talk.conversation.say(M2, "second")
    talk.hear(TurnEnded(M2, "cancelled"), TurnEnded(M1, "cancelled"))
    assert talk.conversation.entries[M2] == Said(M2, "second", Delivery.DROPPED)
    assert talk.conversation.waiting == []
    assert not talk.conversation.is_working


def test_a_repeated_update_changes_nothing() -> None:
    talk = Talk()
    talk.hear(AgentSaid("once"))
    assert talk.conversation.update(1, AgentSaid("once")) == []
    assert talk.entries == [Answer("entry-1", "once")]


def test_a_lost_line_ends_what_was_under_way_and_keeps_what_waits() -> None:
    talk = Talk()
    talk.conversation.say(M1, "first")
    talk.hear(UserSaid(M1, "first"), AgentSaid("half an ans"), STARTED)
    talk.conversation.say(M2, "second")
    talk.conversation.lost("The line broke.")
    assert talk.card().state is CallState.FAILED
    assert not talk.conversation.is_working
    assert talk.conversation.waiting == [M2]


def test_another_session_counts_from_one_again_and_its_beginning_is_told() -> None:
    talk = Talk()
    assert talk.conversation.opened(SessionId("a")) == []
    talk.hear(UserSaid(M1, "hi"), AgentSaid("one"), STARTED)
    assert talk.conversation.opened(SessionId("a")) == []
    assert talk.conversation.update(1, AgentSaid("again")) == []
    talk.conversation.session_lost("It was lost.")
    talk.conversation.opened(SessionId("b"))
    assert notes(talk) == ["It was lost. The agent does not know what stands above."]
    assert talk.card().state is CallState.FAILED
    assert not talk.conversation.is_working
    assert talk.conversation.update(1, AgentSaid("new")) != []


def test_an_interruption_ends_nothing_cuts_no_answer_and_is_said_once() -> None:
    talk = Talk()
    talk.conversation.say(M1, "first")
    talk.hear(UserSaid(M1, "first"), STARTED, AgentSaid("Hel"))
    for _ in range(3):
        talk.conversation.interrupted("The line broke.")
    talk.hear(AgentSaid("lo"))
    assert talk.conversation.is_working
    assert talk.card().state is CallState.PENDING
    assert notes(talk) == ["The line broke."]
    assert [entry.text for entry in talk.entries if isinstance(entry, Answer)] == ["Hello"]


def test_a_question_asked_again_forgets_what_was_said_of_the_first_one() -> None:
    talk = Talk()
    talk.hear(STARTED)
    talk.conversation.ask(ASKED)
    talk.conversation.withdraw(CALL, "the connection is lost", "14:03, PC")
    assert talk.card().state is CallState.PENDING
    talk.conversation.ask(ASKED)
    assert (talk.card().state, talk.card().decision) == (CallState.ASKING, None)


def test_a_cleared_transcript_keeps_what_nobody_acknowledged_and_the_message_being_answered() -> None:
    talk = Talk()
    entries = talk.conversation.entries
    talk.conversation.say(M1, "first")
    talk.hear(UserSaid(M1, "first"), AgentSaid("half"), STARTED)
    talk.conversation.say(M2, "second")
    changes = talk.conversation.cleared()
    assert changes == [
        Removed("m1"),
        Removed("entry-1"),
        Removed("call-call"),
        Added(Said(M1, "first", Delivery.WAITING), "m2"),
    ]
    assert entries is talk.conversation.entries
    assert talk.entries == [Said(M1, "first", Delivery.WAITING), Said(M2, "second", Delivery.WAITING)]
    assert list(talk.conversation.waiting) == [M1, M2]
    talk.seq = 0
    talk.hear(AgentSaid("older"), UserSaid(M1, "first"), AgentSaid("whole"))
    assert [getattr(entry, "text", "") for entry in talk.entries] == ["older", "first", "whole", "second"]


def test_a_held_conversation_names_its_holder_until_it_is_open_again() -> None:
    talk = Talk()
    talk.hear(UserSaid(M1, "hi"))
    talk.conversation.held("iPhone")
    talk.conversation.held("iPhone")
    assert (talk.conversation.held_by, talk.conversation.is_working, len(notes(talk))) == ("iPhone", False, 1)
    assert "iPhone" in notes(talk)[0]
    talk.conversation.opened(SessionId("a"))
    assert (talk.conversation.held_by, talk.conversation.is_working) == (None, True)


def test_commands_and_usage_leave_no_entry() -> None:
    talk = Talk()
    talk.hear(CommandsOffered((Command("slow", "Be slow"),)), UsageChanged(1, 2))
    assert talk.entries == []
    assert talk.conversation.commands == (Command("slow", "Be slow"),)


def notes(talk: Talk) -> list[str]:
    return [entry.text for entry in talk.entries if isinstance(entry, Note)]


def known(talk: Talk) -> list[object]:
    return [talk.conversation.todos, talk.conversation.usage]


def test_todos_and_usage_are_kept_until_they_are_replaced_or_a_new_session_begins() -> None:
    talk = Talk()
    talk.conversation.opened(SessionId("a"))
    usage = UsageChanged(10, 100, TokenUsage(8, 2, 10))
    talk.hear(TodosChanged((Todo("write", "completed"),)), usage)
    assert known(talk) == [(Todo("write", "completed"),), usage]
    talk.conversation.lost("gone")
    talk.conversation.opened(SessionId("a"))
    assert known(talk) == [(Todo("write", "completed"),), usage], "the same session goes on"
    talk.conversation.opened(SessionId("b"))
    assert known(talk) == [(), None]


def test_changes_elsewhere_are_one_quiet_note_however_many_they_are() -> None:
    talk = Talk()
    first = talk.conversation.changed_elsewhere(StateChanged("colour", "stored"))
    assert first == [Added(Note("entry-1", "Changed elsewhere: colour."))]
    again = talk.conversation.changed_elsewhere(StateChanged("city", "stored"))
    assert again == [Changed(Note("entry-1", "Changed elsewhere: colour, city."))]
    assert not talk.conversation.has_failed


def test_a_change_elsewhere_after_something_else_was_told_is_a_note_of_its_own() -> None:
    talk = Talk()
    talk.conversation.changed_elsewhere(StateChanged("colour", "stored"))
    talk.conversation.note("Something else.")
    talk.conversation.changed_elsewhere(StateChanged("city", "stored"))
    assert notes(talk) == ["Changed elsewhere: colour.", "Something else.", "Changed elsewhere: city."]


def test_a_change_elsewhere_cuts_no_answer_in_two_and_stands_before_what_waits() -> None:
    talk = Talk()
    talk.conversation.say(M1, "first")
    talk.hear(UserSaid(M1, "first"), AgentSaid("Hel"))
    talk.conversation.say(M2, "second")
    assert talk.conversation.changed_elsewhere(StateChanged("colour", "stored")) == [
        Added(Note("entry-2", "Changed elsewhere: colour."), before="entry-1")
    ]
    talk.conversation.changed_elsewhere(StateChanged("city", "deleted"))
    talk.conversation.remark("Redis is away.")
    talk.hear(AgentSaid("lo"))
    assert [type(entry) for entry in talk.entries] == [Said, Note, Note, Answer, Said]
    assert talk.entries[3] == Answer("entry-1", "Hello")
    assert notes(talk) == ["Changed elsewhere: colour. Deleted elsewhere: city.", "Redis is away."]


RESET = "Everything of ada is gone."
UNKNOWN = "Everything of ada is gone. The agent does not know what stands above."


def test_a_reset_ends_what_was_under_way_and_counts_from_one_again() -> None:
    talk = Talk()
    talk.conversation.say(M1, "first")
    talk.hear(UserSaid(M1, "first"), TodosChanged((Todo("write"),)), UsageChanged(1, 2), STARTED, AgentSaid("half"))
    talk.conversation.reset(RESET)
    assert talk.card().state is CallState.FAILED
    assert talk.card().decision == "The conversation was reset"
    assert not talk.conversation.is_working
    assert known(talk) == [(), None]
    assert not talk.conversation.has_failed
    assert notes(talk) == [UNKNOWN]
    assert talk.conversation.update(1, AgentSaid("fresh")) != []


def test_a_reset_that_is_told_twice_stands_there_once() -> None:
    talk = Talk()
    talk.conversation.reset(RESET)
    talk.conversation.reset(RESET)
    assert notes(talk) == [UNKNOWN]
    talk.conversation.note("Something else.")
    talk.conversation.reset(RESET)
    assert notes(talk) == [UNKNOWN, "Something else.", UNKNOWN], "that was another one"


def test_a_reset_takes_the_place_of_the_news_that_the_shared_state_was_cleared() -> None:
    talk = Talk()
    talk.conversation.note("Something else.")
    talk.conversation.changed_elsewhere(StateChanged(None, "cleared"))
    talk.conversation.reset(RESET)
    assert notes(talk) == ["Something else.", UNKNOWN]
    talk.conversation.changed_elsewhere(StateChanged("colour", "stored"))
    assert notes(talk) == ["Something else.", UNKNOWN, "Changed elsewhere: colour."]


def test_a_message_that_waits_outlives_a_reset() -> None:
    talk = Talk()
    talk.conversation.say(M1, "first")
    talk.conversation.reset(RESET)
    assert list(talk.conversation.waiting) == [M1]
    talk.hear(UserSaid(M1, "first"))
    assert talk.conversation.is_working


def test_the_entries_are_always_the_same_object() -> None:
    talk = Talk()
    entries = talk.conversation.entries
    talk.conversation.say(M1, "first")
    talk.conversation.reset(RESET)
    assert entries is talk.conversation.entries
    assert len(entries) == 2


def test_the_title_is_the_first_line_of_the_first_message() -> None:
    talk = Talk()
    assert talk.conversation.title is None
    talk.conversation.say(M1, "  Change BGM\nplease")
    assert talk.conversation.title == "Change BGM"


def test_the_end_of_a_message_that_was_never_told_says_nothing() -> None:
    talk = Talk()
    talk.hear(UserSaid(M1, "first"), TurnEnded(M2, "cancelled"), TurnEnded(M1, "cancelled"))
    assert [entry.text for entry in talk.entries if isinstance(entry, Note)] == ["You cancelled this answer."]
