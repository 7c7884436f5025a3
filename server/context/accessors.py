"""What tools, plugins and models may ask of the turn they run in. Everything returned is a copy.

Each function raises ``LookupError`` outside of a turn, with a sentence that says why.
"""

from __future__ import annotations

import copy
import threading

from server.context.turn_context import current_turn
from server.core.identity import Identity
from server.core.state_values import checked_name, encode
from shared.json_types import JsonObject, JsonValue
from shared.todos import Todo
from shared.usage import TokenUsage

_changing = threading.Lock()


def current_identity() -> Identity:
    """The person who acts."""
    return current_turn().identity


def get_token_usage() -> TokenUsage:
    """The tokens of this conversation so far, the running turn included."""
    return current_turn().session.usage


def reset_token_usage() -> TokenUsage:
    """Count this conversation's tokens from nothing again; returns what was counted until now.

    What the person and the tenant used stays counted.
    """
    session = current_turn().session
    before, session.usage = session.usage, TokenUsage()
    return before


def get_todos() -> tuple[Todo, ...]:
    """What the agent means to do in this conversation."""
    return current_turn().session.todos


def get_conversation_state() -> JsonObject:
    """What tools keep for this conversation alone."""
    return copy.deepcopy(current_turn().session.state)


def set_conversation_state(key: str, value: JsonValue) -> None:
    """Keep ``value`` for this conversation; it is stored when the turn ends. ``None`` takes it away.

    Raises:
        StateError: if ``key`` is no name, or ``value`` is no JSON or too large.
    """
    session = current_turn().session
    checked_name("key", key)
    encode({key: value})
    kept = {} if value is None else {key: copy.deepcopy(value)}
    # A new one each time: tools run in threads, and what is copied or stored in another must not change meanwhile.
    with _changing:
        session.state = {**{name: one for name, one in session.state.items() if name != key}, **kept}
