"""One tab's conversation: what the person and the server say goes in, changes to the transcript come out.

Messages that the server has not acknowledged stand at the end, in the order they were typed; everything the server
says stands before them, because it belongs to what was said earlier.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar, assert_never

from client.core.transcript_entries import (
    Added,
    Answer,
    CallState,
    Change,
    Changed,
    Delivery,
    Entry,
    Extended,
    Note,
    Said,
    Thought,
    Tone,
    ToolCard,
    is_waiting,
)
from client.core.transcript_words import CALL_STATES, DECIDED, STOPPED
from shared.frames import (
    AgentSaid,
    AgentThought,
    ApprovalAsked,
    Choice,
    Command,
    CommandsOffered,
    ToolCalled,
    ToolChanged,
    ToolStarted,
    TurnEnded,
    Update,
    UsageChanged,
    UserSaid,
)
from shared.ids import MessageId, SessionId, ToolCallId

Speech = TypeVar("Speech", Answer, Thought)
Changes: TypeAlias = list[Change]


@dataclass
class Conversation:
    """The state of one transcript; every method returns what changed."""

    entries: dict[str, Entry] = field(default_factory=dict)
    waiting: list[MessageId] = field(default_factory=list)
    running: MessageId | None = None
    commands: tuple[Command, ...] = ()
    has_failed: bool = False
    session: SessionId | None = None
    seen: int = 0
    _counter: int = 0

    @property
    def is_working(self) -> bool:
        """Whether the agent is busy with a message it has taken."""
        return self.running is not None

    @property
    def title(self) -> str | None:
        """The first message's first line, as a name for the conversation."""
        first = next((entry for entry in self.entries.values() if isinstance(entry, Said)), None)
        return None if first is None else first.text.strip().split("\n")[0]

    # --- the person ---------------------------------------------------------------------------------------

    def say(self, message_id: MessageId, text: str) -> Changes:
        """The person sent a message; it waits until it is acknowledged."""
        self.waiting.append(message_id)
        self.has_failed = False
        return [self._put(Said(message_id, text), None)]

    def note(self, text: str, tone: Tone = Tone.INFO) -> Changes:
        """The program has something to say."""
        self.has_failed = self.has_failed or tone is Tone.ERROR
        return [*self._finish_speech(), self._add(Note(self._key(), text, tone))]

    def ask(self, approval: ApprovalAsked) -> Changes:
        """A tool call waits for the person."""
        card = self._card(approval.call_id)
        if card is not None:
            return self._change(replace(card, state=CallState.ASKING, arguments=approval.arguments))
        return [*self._finish_speech(), self._add(_new_card(approval, CallState.ASKING))]

    def decide(self, call_id: ToolCallId, choice: Choice, stamp: str) -> Changes:
        """The person answered; ``stamp`` says when and on which device."""
        state = CallState.PENDING if choice.allows else CallState.REJECTED
        return self._settle_question(call_id, state, f"{DECIDED[choice]}, {stamp}")

    def withdraw(self, call_id: ToolCallId, reason: str, stamp: str) -> Changes:
        """The question no longer counts."""
        return self._settle_question(call_id, CallState.PENDING, f"Not decided: {reason.rstrip('.')}, {stamp}")

    # --- the server ---------------------------------------------------------------------------------------

    def opened(self, session: SessionId) -> Changes:
        """A line is open. Another session than before knows nothing of what stands above."""
        known, self.session = self.session, session
        if known in {None, session}:
            return []
        self.seen = 0
        return self.note("A new session began. The agent does not know what stands above.")

    def lost(self, reason: str) -> Changes:
        """The line broke: what was under way here ended."""
        self.running = None
        changes = self._finish_speech()
        for entry in list(self.entries.values()):
            if isinstance(entry, ToolCard) and not entry.state.is_over:
                changes += self._change(
                    replace(entry, state=CallState.FAILED, decision=entry.decision or "The line broke")
                )
        return [*changes, *self.note(reason)]

    def called(self, call: ToolCalled) -> Changes:
        """A tool of this device begins to run."""
        card = self._card(call.call_id)
        return [] if card is None else self._change(replace(card, state=CallState.RUNNING, runs_here=True))

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
                changes = self._grow(Answer, text)
            case AgentThought(text):
                changes = self._grow(Thought, text)
            case ToolStarted():
                changes = self._started(update)
            case ToolChanged():
                changes = self._tool_changed(update)
            case TurnEnded():
                changes = self._ended(update)
            case CommandsOffered(commands):
                self.commands = commands
            case UsageChanged():
                pass
            case _:
                assert_never(update)
        return changes

    # --- steps --------------------------------------------------------------------------------------------

    def _acknowledged(self, said: UserSaid) -> Changes:
        self.running = said.message_id
        finished = self._finish_speech()
        if said.message_id in self.waiting:
            self.waiting.remove(said.message_id)
            return [*finished, *self._change(Said(said.message_id, said.text, Delivery.TAKEN))]
        return [*finished, self._add(Said(said.message_id, said.text, Delivery.TAKEN))]

    def _started(self, started: ToolStarted) -> Changes:
        card = self._card(started.call_id)
        if card is not None:
            return self._change(replace(card, title=started.title, arguments=started.arguments))
        return [*self._finish_speech(), self._add(_new_card(started, CallState.PENDING))]

    def _tool_changed(self, changed: ToolChanged) -> Changes:
        card = self._card(changed.call_id)
        if card is None:
            return []
        state = CALL_STATES[changed.status]
        if changed.result is not None and changed.result.get("success") is False:
            state = CallState.FAILED
        if card.state is CallState.REJECTED or (card.state is CallState.ASKING and state is CallState.PENDING):
            state = card.state
        return self._change(replace(card, state=state, result=changed.result or card.result))

    def _ended(self, ended: TurnEnded) -> Changes:
        changes = self._finish_speech()
        if ended.message_id in self.waiting:
            self.waiting.remove(ended.message_id)
            entry = self.entries[ended.message_id]
            if isinstance(entry, Said):
                changes += self._change(replace(entry, delivery=Delivery.DROPPED))
        elif (sentence := STOPPED[ended.stop_reason]) is not None and ended.problem is None:
            changes += self.note(sentence)
        if ended.problem is not None:
            changes += self.note(ended.problem.message, Tone.ERROR)
        if self.running == ended.message_id:
            self.running = None
        return changes

    def _settle_question(self, call_id: ToolCallId, state: CallState, decision: str) -> Changes:
        card = self._card(call_id)
        if card is None:
            return self.note(f"{decision}.")
        state = card.state if card.state.is_over else state
        return self._change(replace(card, state=state, decision=f"{decision}."))

    def _grow(self, kind: type[Speech], text: str) -> Changes:
        live = self._live_speech()
        if isinstance(live, kind):
            self.entries[live.key] = replace(live, text=live.text + text)
            return [Extended(live.key, text)]
        return [*self._finish_speech(), self._add(kind(self._key(), text))]

    def _finish_speech(self) -> Changes:
        live = self._live_speech()
        return [] if live is None else self._change(replace(live, is_finished=True))

    def _live_speech(self) -> Answer | Thought | None:
        last = next((e for e in reversed(self.entries.values()) if not is_waiting(e)), None)
        return last if isinstance(last, (Answer, Thought)) and not last.is_finished else None

    def _card(self, call_id: ToolCallId) -> ToolCard | None:
        entry = self.entries.get(_card_key(call_id))
        return entry if isinstance(entry, ToolCard) else None

    def _add(self, entry: Entry) -> Change:
        before = self.waiting[0] if self.waiting else None
        return self._put(entry, before)

    def _put(self, entry: Entry, before: str | None) -> Change:
        behind = [] if before is None else [self.entries.pop(message_id) for message_id in self.waiting]
        self.entries[entry.key] = entry
        self.entries.update((waiting.key, waiting) for waiting in behind)
        return Added(entry, before)

    def _change(self, entry: Entry) -> Changes:
        self.entries[entry.key] = entry
        return [Changed(entry)]

    def _key(self) -> str:
        self._counter += 1
        return f"entry-{self._counter}"


def _card_key(call_id: ToolCallId) -> str:
    return f"call-{call_id}"


def _new_card(call: ToolStarted | ApprovalAsked, state: CallState) -> ToolCard:
    return ToolCard(_card_key(call.call_id), call.call_id, call.name, call.title, call.arguments, state)
