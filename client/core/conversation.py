"""One tab's conversation: what the person and the server say goes in, changes to the transcript come out.

Messages that the server has not acknowledged stand at the end, in the order they were typed; everything the server
says stands before them, because it belongs to what was said earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from client.core.call_cards import card_asked, card_changed, card_decided, card_started, cards_broken_off
from client.core.elsewhere import Elsewhere
from client.core.entry_order import EntryOrder
from client.core.transcript_entries import (
    Answer,
    CallState,
    Changes,
    Delivery,
    Entry,
    Note,
    Said,
    Thought,
    Tone,
)
from client.core.transcript_words import DECIDED, HELD, NOT_KNOWN_TO_THE_AGENT, STOPPED
from shared.frames import (
    AgentSaid,
    AgentThought,
    AnswerRestarted,
    ApprovalAsked,
    Choice,
    Command,
    CommandsOffered,
    TodosChanged,
    ToolCalled,
    ToolChanged,
    ToolStarted,
    TurnEnded,
    Update,
    UsageChanged,
    UserSaid,
)
from shared.ids import MessageId, SessionId, ToolCallId
from shared.news import StateChanged
from shared.todos import Todo


@dataclass
class Conversation:
    """The state of one transcript; every method returns what changed."""

    running: MessageId | None = None
    commands: tuple[Command, ...] = ()
    todos: tuple[Todo, ...] = ()
    usage: UsageChanged | None = None
    has_failed: bool = False
    session: SessionId | None = None
    held_by: str | None = None
    seen: int = 0
    _order: EntryOrder = field(default_factory=EntryOrder)
    _elsewhere: Elsewhere = field(default_factory=Elsewhere)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """What stands in the transcript, by key, from top to bottom; always the same object."""
        return self._order.entries

    @property
    def waiting(self) -> Sequence[MessageId]:
        """The messages that nobody acknowledged yet."""
        return self._order.waiting

    @property
    def is_working(self) -> bool:
        """Whether the agent is busy with a message it has taken."""
        return self.running is not None and self.held_by is None

    @property
    def title(self) -> str | None:
        """The first message's first line, as a name for the conversation."""
        first = next((entry for entry in self.entries.values() if isinstance(entry, Said)), None)
        return None if first is None else first.text.strip().split("\n")[0]

    # --- the person ---------------------------------------------------------------------------------------

    def say(self, message_id: MessageId, text: str) -> Changes:
        """The person sent a message; it waits until it is acknowledged."""
        self.has_failed = False
        return [self._order.append_waiting(Said(message_id, text), message_id)]

    def note(self, text: str, tone: Tone = Tone.INFO) -> Changes:
        """The program has something to say."""
        self.has_failed = self.has_failed or tone is Tone.ERROR
        return self._order.add(Note(self._order.next_key(), text, tone))

    def remark(self, text: str) -> Changes:
        """The program has something to say that is no part of what is being said."""
        return [self._order.remark(Note(self._order.next_key(), text))]

    def ask(self, approval: ApprovalAsked) -> Changes:
        """A tool call waits for the person."""
        return card_asked(self._order, approval)

    def decide(self, call_id: ToolCallId, choice: Choice, stamp: str) -> Changes:
        """The person answered; ``stamp`` says when and on which device."""
        state = CallState.PENDING if choice.allows else CallState.REJECTED
        return self._settle_question(call_id, state, f"{DECIDED[choice]}, {stamp}")

    def withdraw(self, call_id: ToolCallId, reason: str, stamp: str) -> Changes:
        """The question no longer counts."""
        return self._settle_question(call_id, CallState.PENDING, f"Not decided: {reason.rstrip('.')}, {stamp}")

    # --- the server ---------------------------------------------------------------------------------------

    def opened(self, session: SessionId) -> Changes:
        """A line is open; in another session than before updates are counted from 1."""
        if self.session not in {None, session}:
            self._begin_anew()
        self.session, self.held_by = session, None
        return []

    def session_lost(self, message: str) -> Changes:
        """The session is gone and another begins, which knows nothing of what stands above."""
        self._begin_anew()
        return [*self._break_off("The conversation was lost"), *self.note(f"{message} {NOT_KNOWN_TO_THE_AGENT}")]

    def cleared(self) -> Changes:
        """All is told again. What the person said and nobody acknowledged stays, and so does what is being answered."""
        self._begin_anew()
        running, self.running = self.running, None
        return self._order.clear(running)

    def lost(self, reason: str) -> Changes:
        """The line broke, and the session with it: what was under way here ended."""
        return [*self._break_off("The line broke"), *self.note(reason)]

    def interrupted(self, reason: str) -> Changes:
        """The line broke, and the session goes on: nothing ends and no answer is cut in two."""
        return self._remark_once(reason)

    def held(self, label: str) -> Changes:
        """Another device holds the conversation."""
        self.held_by = label
        return self._remark_once(HELD.format(label=label))

    def reset(self, message: str) -> Changes:
        """The person's conversations are gone, this one too; ``message`` is the server's, and said once."""
        self._begin_anew()
        text = f"{message} {NOT_KNOWN_TO_THE_AGENT}"
        changes = self._break_off("The conversation was reset")
        last, news = self._order.last_told(), self._elsewhere.key
        self._elsewhere = Elsewhere()
        if isinstance(last, Note) and (last.key == news or last.text in {message, text}):
            return [*changes, *self._order.change(replace(last, text=text))]
        return [*changes, *self.note(text)]

    def changed_elsewhere(self, news: StateChanged) -> Changes:
        """Another tab changed the shared state; one note tells all that came since anything else was told."""
        last = self._order.last_told()
        joins = last is not None and last.key == self._elsewhere.key
        self._elsewhere = (self._elsewhere if joins else Elsewhere(self._order.next_key())).heard(news)
        note = Note(self._elsewhere.key, self._elsewhere.sentence)
        return self._order.change(note) if joins else [self._order.remark(note)]

    def called(self, call: ToolCalled) -> Changes:
        """A tool of this device begins to run."""
        card = self._order.card(call.call_id)
        return [] if card is None else self._order.change(replace(card, state=CallState.RUNNING, runs_here=True))

    def update(self, seq: int, update: Update) -> Changes:
        """The ``seq``-th thing the server says in this session; a repeat changes nothing."""
        if seq <= self.seen:
            return []
        self.seen = seq
        changes: Changes = []
        match update:
            case UserSaid():
                changes = self._acknowledged(update)
            case AgentSaid(text):
                changes = self._order.grow(Answer, text)
            case AgentThought(text):
                changes = self._order.grow(Thought, text)
            case AnswerRestarted():
                changes = self._restarted(update)
            case ToolStarted():
                changes = card_started(self._order, update)
            case ToolChanged():
                changes = card_changed(self._order, update)
            case TurnEnded():
                changes = self._ended(update)
            case CommandsOffered() | UsageChanged() | TodosChanged():
                self._learn(update)
            case _:
                assert_never(update)
        return changes

    # --- steps --------------------------------------------------------------------------------------------

    def _learn(self, update: CommandsOffered | UsageChanged | TodosChanged) -> None:
        match update:
            case CommandsOffered(commands):
                self.commands = commands
            case UsageChanged():
                self.usage = update
            case TodosChanged(todos):
                self.todos = todos
            case _:
                assert_never(update)

    def _begin_anew(self) -> None:
        self.seen, self.todos, self.usage = 0, (), None

    def _break_off(self, why: str) -> Changes:
        self.running = None
        return [*self._order.finish_speech(), *cards_broken_off(self._order, why)]

    def _remark_once(self, text: str) -> Changes:
        last = self._order.last_told()
        return [] if isinstance(last, Note) and last.text == text else self.remark(text)

    def _restarted(self, restarted: AnswerRestarted) -> Changes:
        voided = self._order.void_speech(Answer, restarted.said)
        voided += self._order.void_speech(Thought, restarted.thought)
        return [*voided, *self._order.reopen_speech()] if voided else []

    def _acknowledged(self, said: UserSaid) -> Changes:
        self.running = said.message_id
        taken = Said(said.message_id, said.text, Delivery.TAKEN)
        if self._order.settle(said.message_id):
            return [*self._order.finish_speech(), *self._order.change(taken)]
        return self._order.add(taken)

    def _ended(self, ended: TurnEnded) -> Changes:
        changes = self._order.finish_speech()
        if self._order.settle(ended.message_id):
            entry = self.entries[ended.message_id]
            if isinstance(entry, Said):
                changes += self._order.change(replace(entry, delivery=Delivery.DROPPED))
        elif self.running == ended.message_id and (sentence := STOPPED[ended.stop_reason]) and ended.problem is None:
            changes += self.note(sentence)
        if ended.problem is not None:
            changes += self.note(ended.problem.message, Tone.ERROR)
        if self.running == ended.message_id:
            self.running = None
        return changes

    def _settle_question(self, call_id: ToolCallId, state: CallState, decision: str) -> Changes:
        return card_decided(self._order, call_id, state, f"{decision}.") or self.note(f"{decision}.")
