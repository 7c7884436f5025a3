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
    """The keys whose last change was to be stored or to be deleted, oldest first; ``key`` is the note's own."""

    key: str = ""
    stored: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    is_cleared: bool = False

    def heard(self, news: StateChanged) -> Elsewhere:
        """With one more change."""
        if news.key is None or news.change == "cleared":
            return Elsewhere(self.key, is_cleared=True)
        stored = tuple(key for key in self.stored if key != news.key)
        deleted = tuple(key for key in self.deleted if key != news.key)
        if news.change == "stored":
            return replace(self, stored=(*stored, news.key), deleted=deleted)
        return replace(self, stored=stored, deleted=(*deleted, news.key))

    @property
    def sentence(self) -> str:
        """For the person; invisible characters in keys are named."""
        parts = ["All that was remembered was cleared elsewhere."] if self.is_cleared else []
        if self.stored:
            parts.append(f"Remembered elsewhere: {_named(self.stored)}.")
        if self.deleted:
            parts.append(f"Forgotten elsewhere: {_named(self.deleted)}.")
        return " ".join(parts)


def _named(keys: tuple[str, ...]) -> str:
    named = ", ".join(short_key(key) for key in keys[-MOST_NAMED:])
    more = len(keys) - MOST_NAMED
    return named if more <= 0 else f"{named} and {more} more"


def short_key(key: str) -> str:
    """A key for a sentence or a list: invisible characters named, cut when it is long."""
    shown = visible(key, keep="")
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[: MOST_CHARACTERS - 1]}…"
