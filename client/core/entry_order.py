"""The entries of one transcript in their order: what is told stands before what waits, and speech grows at its end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from client.core.transcript_entries import (
    Added,
    Answer,
    Change,
    Changed,
    Changes,
    Delivery,
    Entry,
    Extended,
    Note,
    Removed,
    Said,
    Thought,
    ToolCard,
    is_waiting,
)
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

    def remove(self, key: str) -> Changes:
        """Take an entry out."""
        del self.entries[key]
        return [Removed(key)]

    def clear(self, undecided: MessageId | None) -> Changes:
        """Take everything out but what waits; the message ``undecided`` waits again, before the others."""
        kept = [self.entries[key] for key in self.waiting]
        again = self.entries.get(undecided) if undecided is not None else None
        gone = [key for key in self.entries if key not in self.waiting]
        changes: Changes = [Removed(key) for key in gone]
        self.entries.clear()
        if isinstance(again, Said) and undecided is not None:
            waits = replace(again, delivery=Delivery.WAITING)
            self.waiting.insert(0, undecided)
            self.entries[undecided] = waits
            changes.append(Added(waits, kept[0].key if kept else None))
        self.entries.update((entry.key, entry) for entry in kept)
        return changes

    def void_speech(self, kind: type[Speech], stands: int) -> Changes:
        """Of what was said in this turn, the first ``stands`` characters stay."""
        changes: Changes = []
        for entry in self._speech_of_turn(kind):
            kept = entry.text[:stands]
            stands -= len(kept)
            if not kept:
                changes += self.remove(entry.key)
            elif kept != entry.text:
                changes += self.change(replace(entry, text=kept))
        return changes

    def reopen_speech(self) -> Changes:
        """What was said last may go on."""
        last = self._last_but_waiting()
        if isinstance(last, (Answer, Thought)) and last.is_finished:
            return self.change(replace(last, is_finished=False))
        return []

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
        last = self._last_but_waiting()
        return last if isinstance(last, (Answer, Thought)) and not last.is_finished else None

    def last_told(self) -> Entry | None:
        """The last entry that neither waits nor grows."""
        live = self.live_speech()
        told = (entry for entry in reversed(self.entries.values()) if not is_waiting(entry) and entry is not live)
        return next(told, None)

    def card(self, call_id: ToolCallId) -> ToolCard | None:
        """The card of that call."""
        entry = self.entries.get(card_key(call_id))
        return entry if isinstance(entry, ToolCard) else None

    def open_cards(self) -> list[ToolCard]:
        """The calls that are not over."""
        return [entry for entry in self.entries.values() if isinstance(entry, ToolCard) and not entry.state.is_over]

    def _last_but_waiting(self) -> Entry | None:
        return next((entry for entry in reversed(self.entries.values()) if not is_waiting(entry)), None)

    def _speech_of_turn(self, kind: type[Speech]) -> list[Speech]:
        of_turn: list[Speech] = []
        for entry in reversed(self.entries.values()):
            if isinstance(entry, Said) and entry.delivery is Delivery.TAKEN:
                break
            if isinstance(entry, kind):
                of_turn.insert(0, entry)
        return of_turn

    def _put(self, entry: Entry, behind: list[str]) -> Change:
        moved = [self.entries.pop(key) for key in behind]
        self.entries[entry.key] = entry
        self.entries.update((later.key, later) for later in moved)
        return Added(entry, behind[0] if behind else None)


def card_key(call_id: ToolCallId) -> str:
    """The key of that call's card."""
    return f"call-{call_id}"
