"""What all connections of a server share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.conversations.handoffs import Handoffs
from server.conversations.reset import Reset
from server.conversations.sessions import SessionManager
from server.ports import GrantStore
from server.state.shared_state import SharedStates
from server.tabs.audience import Audience
from shared.frames import ModelInfo
from shared.ids import TenantId


@dataclass(frozen=True, slots=True)
class Hall:
    """One for each server.

    ``tenants`` are those that may be named (none: any); ``reserved`` are the names of the server's own tools, which no
    tab's tool may have; ``metrics`` gives Prometheus' text; ``grants`` brings where these are kept; ``messages`` is how
    many a second a connection may send.
    """

    sessions: SessionManager
    handoffs: Handoffs
    reset: Reset
    states: SharedStates
    audience: Audience
    model: ModelInfo
    version: str
    tenants: frozenset[TenantId]
    reserved: frozenset[str]
    metrics: Callable[[], Awaitable[str]]
    grants: Callable[[], Awaitable[GrantStore]]
    messages: float
