"""What the screen of the shared state says and asks by itself."""

from __future__ import annotations

from dataclasses import dataclass

from client.core.approval_queue import ARMING_SECONDS
from client.core.elsewhere import short_key

ABOUT = "What the agent remembers for you, in all your tabs and on all your devices."
EMPTY = (
    "Nothing is remembered yet.\n\n"
    "What you ask the agent to remember stands here, for all your tabs and devices, until it is forgotten. "
    "Ask it for instance:\n\n"
    "  → Remember that my favourite colour is blue\n\n"
    "Or write something down yourself: Ctrl+N."
)
CONTESTED = "F5 drops your changes; saving asks first."
NOTHING_TO_SAVE = "There is nothing to save: no value is changed here."
NOTHING_TO_DELETE = "There is nothing to delete."
GO_ON = "Go on editing"
KEY_IN_A_QUESTION = 120
"""How many characters of a key a question names; keys that begin alike must be told apart there."""
MOST_KEY_CHARACTERS = 200
"""How long a key may be; the server says so, too, but only when it is saved."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is lost, and the two answers."""

    words: str
    losses: tuple[str, ...]
    yes: str
    no: str = "Keep it"
    patience: float = 0.0
    """For how many seconds a letter is no answer: of a question that comes while the person may be typing on."""


def deleting(key: str, *, is_stored: bool) -> Question:
    """Before a key goes, or one that was never saved."""
    if is_stored:
        return Question(f"Delete {_named(key)}?", ("The agent will not remember it any more.",), "Delete it")
    return Question(f"Drop the new key {_named(key)}?", ("It was never saved.",), "Drop it")


def reloading(key: str) -> Question:
    """Before a draft goes."""
    return Question(f"Reload {_named(key)}?", ("What you changed is dropped.",), "Drop it", GO_ON)


def overwriting(key: str, lost: str) -> Question:
    """Before a value goes that the person did not see."""
    return Question(f"Overwrite {_named(key)}?", (lost,), "Overwrite it", GO_ON, ARMING_SECONDS)


def closing(unsaved: tuple[str, ...]) -> Question:
    """Before all drafts go."""
    return Question("Close without saving?", unsaved, "Close", GO_ON)


def key_in_full(key: str) -> str:
    """What is said of a key that has no room in the list."""
    return f"Key: {short_key(key, MOST_KEY_CHARACTERS)}"


def too_long(key: str) -> str | None:
    """Why ``key`` can be no key, if it is too long for one."""
    if len(key) <= MOST_KEY_CHARACTERS:
        return None
    return f"A key has at most {MOST_KEY_CHARACTERS} characters; this one has {len(key):,}."


def _named(key: str) -> str:
    return short_key(key, KEY_IN_A_QUESTION)
