"""What other tabs and devices did to the shared state, told in one sentence however much it was."""

from __future__ import annotations

from dataclasses import dataclass, replace

from client.core.visible_text import visible
from shared.news import StateChanged

MOST_NAMED = 5
"""How many keys a sentence names: the newest ones."""
MOST_CHARACTERS = 40
"""How much of a key is shown."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was last stored and what was last deleted, oldest first: keys, or fields. ``key`` is the note's own."""

    key: str = ""
    stored: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    is_cleared: bool = False
    is_much: bool = False

    def heard(self, news: StateChanged) -> Elsewhere:
        """With one more change."""
        if news.change == "many":
            return replace(self, stored=(), deleted=(), is_much=True)
        if news.key is None:
            return Elsewhere(self.key, is_cleared=True)
        what = news.key if news.field is None else f"{news.key}: {news.field}"
        stored = tuple(other for other in self.stored if other != what)
        deleted = tuple(other for other in self.deleted if other != what)
        if news.change == "stored":
            return replace(self, stored=(*stored, what), deleted=deleted)
        return replace(self, stored=stored, deleted=(*deleted, what))

    @property
    def sentence(self) -> str:
        """For the person; invisible characters in keys are named."""
        parts = ["All that was remembered was cleared elsewhere."] if self.is_cleared else []
        if self.is_much:
            parts.append("Much of what is remembered was changed elsewhere.")
        if self.stored:
            parts.append(f"Changed elsewhere: {_named(self.stored)}.")
        if self.deleted:
            parts.append(f"Deleted elsewhere: {_named(self.deleted)}.")
        return " ".join(parts)


def _named(keys: tuple[str, ...]) -> str:
    named = ", ".join(short_key(key) for key in keys[-MOST_NAMED:])
    more = len(keys) - MOST_NAMED
    return named if more <= 0 else f"{named} and {more} more"


def short_key(key: str, characters: int = MOST_CHARACTERS) -> str:
    """A key for a sentence or a list: invisible characters named; of a long one, how it begins and how it ends."""
    shown = visible(key, keep="")
    if len(shown) <= characters:
        return shown
    ending = characters // 4
    return f"{shown[: characters - 1 - ending]}…{shown[-ending:]}"
