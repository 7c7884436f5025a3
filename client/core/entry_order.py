"""The entries of one transcript in their order: what is told stands before what waits, and speech grows at its end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from client.core.transcript_entries import (
    Added,
    Answer,
    CallState,
    Change,
    Changed,
    Changes,
    Entry,
    Extended,
    Note,
    Said,
    Thought,
    ToolCard,
    is_waiting,
)
from shared.frames import ApprovalAsked, ToolStarted
from shared.ids import MessageId, ToolCallId

Speech = TypeVar("Speech", Answer, Thought)


@dataclass
class EntryOrder:
    """``entries`` from top to bottom; ``waiting`` names the messages at the end that nobody acknowledged yet."""

    entries: dict[str, Entry] = field(default_factory=dict)
    waiting: list[MessageId] = field(default_factory=list)
    _counter: int = 0

    def next_key(self) -> str:
        """A key that no entry has."""
        self._counter += 1
        return f"entry-{self._counter}"

    def settle(self, message_id: MessageId) -> bool:
        """The message waits no longer; whether it did."""
        if message_id not in self.waiting:
            return False
        self.waiting.remove(message_id)
        return True

    def append_waiting(self, said: Said, message_id: MessageId) -> Change:
        """Put a message at the very end, to wait there."""
        self.waiting.append(message_id)
        return self._put(said, [])

    def add(self, entry: Entry) -> Changes:
        """Put an entry before what waits; speech before it is finished."""
        return [*self.finish_speech(), self._put(entry, list(self.waiting))]

    def remark(self, note: Note) -> Change:
        """Put a note where it cuts no speech in two: before the answer that is being given."""
        live = self.live_speech()
        return self._put(note, [*([] if live is None else [live.key]), *self.waiting])

    def change(self, entry: Entry) -> Changes:
        """Put ``entry`` in the place of the one with its key."""
        self.entries[entry.key] = entry
        return [Changed(entry)]

    def grow(self, kind: type[Speech], text: str) -> Changes:
        """The agent goes on: the speech of that kind grows, or a new one begins."""
        live = self.live_speech()
        if isinstance(live, kind):
            self.entries[live.key] = replace(live, text=live.text + text)
            return [Extended(live.key, text)]
        return self.add(kind(self.next_key(), text))

    def finish_speech(self) -> Changes:
        """What is being said is complete."""
        live = self.live_speech()
        return [] if live is None else self.change(replace(live, is_finished=True))

    def live_speech(self) -> Answer | Thought | None:
        """What is being said."""
        last = next((entry for entry in reversed(self.entries.values()) if not is_waiting(entry)), None)
        return last if isinstance(last, (Answer, Thought)) and not last.is_finished else None

    def last_told(self) -> Entry | None:
        """The last entry that neither waits nor grows."""
        live = self.live_speech()
        told = (entry for entry in reversed(self.entries.values()) if not is_waiting(entry) and entry is not live)
        return next(told, None)

    def card(self, call_id: ToolCallId) -> ToolCard | None:
        """The card of that call."""
        entry = self.entries.get(_card_key(call_id))
        return entry if isinstance(entry, ToolCard) else None

    def open_cards(self) -> list[ToolCard]:
        """The calls that are not over."""
        return [entry for entry in self.entries.values() if isinstance(entry, ToolCard) and not entry.state.is_over]

    def _put(self, entry: Entry, behind: list[str]) -> Change:
        moved = [self.entries.pop(key) for key in behind]
        self.entries[entry.key] = entry
        self.entries.update((later.key, later) for later in moved)
        return Added(entry, behind[0] if behind else None)


def new_card(call: ToolStarted | ApprovalAsked, state: CallState) -> ToolCard:
    """The card of a call that has none yet."""
    return ToolCard(_card_key(call.call_id), call.call_id, call.name, call.title, call.arguments, state)


def _card_key(call_id: ToolCallId) -> str:
    return f"call-{call_id}"
