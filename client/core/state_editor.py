"""What is being looked at and edited of the shared state: the keys, what was read, and the drafts that are not saved.

::

                 write                 read: another value than the draft began with
    clean ───────────────► draft ───────────────────────────────────────────────────► contested
      ▲  ◄── as it was ────┘ │                                                            │
      └───── saved, discarded ┴────────────────────── saved, discarded ───────────────────┘

A draft is kept until it is saved or discarded, also while other keys are looked at. Pure: it reads and stores nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from client.core.elsewhere import short_key
from client.core.state_text import UnfitValueError, one_line_text, same_value, state_text
from shared.json_types import JsonObject

NEW_VALUE = "{\n  \n}"
NEW_VALUE_CURSOR = (1, 2)
"""What a new key begins with, and in which row and column of it the person writes on, from 0."""
LABEL_CHARACTERS = 22
"""How much of a key stands in the list: how it begins and how it ends."""
_PREVIEW_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """What the person wrote. ``base`` is the value it began with, ``None`` for a new key."""

    text: str
    base: JsonObject | None
    is_contested: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list; ``label`` is safe to show."""

    key: str
    label: str
    is_edited: bool


@dataclass
class StateEditor:
    """``stored`` are the keys on the server; ``values`` what was read of them, ``None`` for one that is gone."""

    stored: tuple[str, ...] = ()
    values: dict[str, JsonObject | None] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    shown: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key there is to show: the stored ones and the new ones, sorted."""
        return tuple(sorted({*self.stored, *self.drafts}))

    @property
    def lines(self) -> tuple[Listed, ...]:
        """The list as it is shown."""
        return tuple(Listed(key, short_key(key, LABEL_CHARACTERS), key in self.drafts) for key in self.keys)

    @property
    def is_editing(self) -> bool:
        """Whether the shown key has a draft."""
        return self.shown in self.drafts

    @property
    def is_readable(self) -> bool:
        """Whether the shown key's value is known, so that there is something to edit."""
        return self.shown is not None and (self.shown in self.values or self.shown in self.drafts)

    @property
    def text(self) -> str:
        """What stands in the editor for the shown key; empty while its value is not known."""
        if self.shown is None:
            return ""
        if self.shown in self.drafts:
            return self.drafts[self.shown].text
        value = self.values.get(self.shown)
        return "" if value is None else state_text(value)

    def listed(self, stored: tuple[str, ...]) -> None:
        """The server named its keys. One that is gone is shown no longer, unless it is being edited."""
        before = self.keys
        self.stored = stored
        self.values = {key: value for key, value in self.values.items() if key in self.keys}
        if self.shown not in self.keys:
            place = 0 if self.shown is None else sum(key < self.shown for key in before)
            self.shown = self.keys[min(place, len(self.keys) - 1)] if self.keys else None

    def choose(self, key: str) -> None:
        """Show another key."""
        self.shown = key

    def read(self, key: str, data: JsonObject | None) -> None:
        """The server said what is stored. A draft of that key stays; it is contested if it began with another value.

        Raises:
            UnfitValueError: if the value cannot be shown.
        """
        if data is not None:
            state_text(data)
        self.values[key] = data
        draft = self.drafts.get(key)
        if draft is not None:
            self.drafts[key] = replace(draft, is_contested=not same_value(draft.base, data))

    def write(self, text: str) -> None:
        """The person changed what stands in the editor; going back to how it was leaves no draft."""
        if self.shown is None or not self.is_readable or text == self.text:
            return
        draft = self.drafts.get(self.shown)
        if draft is None:
            draft = Draft(text, self.values.get(self.shown))
        is_as_before = draft.base is not None and text == state_text(draft.base)
        if is_as_before and not draft.is_contested:
            self.drafts.pop(self.shown, None)
        else:
            self.drafts[self.shown] = replace(draft, text=text)

    def begin(self, key: str) -> None:
        """A new key, or the one of that name if there is one.

        Raises:
            UnfitValueError: if it is empty.
        """
        if not key:
            raise UnfitValueError("A key needs a name.")
        if key not in self.keys:
            self.drafts[key] = Draft(NEW_VALUE, None)
        self.shown = key

    def overwritten(self, key: str, current: JsonObject | None) -> str | None:
        """What saving a draft would overwrite unseen, now that ``current`` is stored; ``None`` if nothing."""
        draft = self.drafts.get(key)
        if draft is None or same_value(draft.base, current):
            return None
        if draft.base is None:
            return f"There is a value of that name by now: {_preview(current)}."
        if current is None:
            return "It was deleted elsewhere while you edited it."
        return f"It was changed elsewhere while you edited it. Now it is {_preview(current)}."

    @property
    def contest(self) -> str | None:
        """The sentence for a shown draft that is contested."""
        if self.shown is None or self.shown not in self.drafts or not self.drafts[self.shown].is_contested:
            return None
        return self.overwritten(self.shown, self.values.get(self.shown))

    def saved(self, key: str, text: str, data: JsonObject) -> None:
        """What the person had written is stored; what they wrote since is a draft that began with it."""
        draft = self.drafts.pop(key, None)
        if draft is not None and draft.text != text:
            self.drafts[key] = Draft(draft.text, data)
        self.values[key] = data
        self.stored = tuple(sorted({*self.stored, key}))

    def discard(self, key: str) -> None:
        """Forget what was written; a key that was never stored is gone."""
        self.drafts.pop(key, None)
        self.listed(self.stored)

    def deleted(self, key: str) -> None:
        """The key is gone."""
        self.drafts.pop(key, None)
        self.listed(tuple(other for other in self.stored if other != key))

    def unsaved(self) -> tuple[str, ...]:
        """One sentence per draft that closing would lose."""
        return tuple(f"{short_key(key)}: changes that are not saved." for key in sorted(self.drafts))


def _preview(data: JsonObject | None) -> str:
    return "nothing" if data is None else one_line_text(data, _PREVIEW_CHARACTERS)
