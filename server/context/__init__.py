"""One context for each turn, one object for each conversation, and the ways to reach them."""

from __future__ import annotations

from server.context.accessors import (
    current_identity,
    get_conversation_state,
    get_todos,
    get_token_usage,
    reset_token_usage,
    set_conversation_state,
)
from server.context.session_context import SessionContext
from server.context.thread_pool import ContextThreadPool, Workers, for_own_tool, start_workers
from server.context.turn_context import Told, TurnContext, bound, current_turn, fallback

__all__ = [
    "ContextThreadPool",
    "SessionContext",
    "Told",
    "TurnContext",
    "Workers",
    "bound",
    "current_identity",
    "current_turn",
    "fallback",
    "for_own_tool",
    "get_conversation_state",
    "get_todos",
    "get_token_usage",
    "reset_token_usage",
    "set_conversation_state",
    "start_workers",
]
