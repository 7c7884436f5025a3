"""What a server can say about itself at any moment: its conversations, and who is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from server.conversations.sessions import SessionManager
from server.metrics.measures import Gauge


def gauges(sessions: SessionManager, connections: Callable[[], int]) -> list[Gauge]:
    """What goes up and down."""
    return [
        ("connections", "Clients connected now", connections),
        ("tasks", "Tasks of the event loop", lambda: len(asyncio.all_tasks())),
        ("sessions.live", "Conversations in memory", lambda: len(sessions.live)),
        ("sessions.running", "Conversations with a turn that runs or waits", lambda: sessions.running_turns),
        ("sessions.leaked", "Conversations let go of and not yet collected", lambda: sessions.leaked),
        ("sessions.oldest.age", "Seconds since the oldest conversation in memory began", lambda: _oldest(sessions)),
    ]


def totals(sessions: SessionManager) -> list[Gauge]:
    """What only grows."""
    counts = sessions.counts
    return [
        ("sessions.opened", "Conversations begun", lambda: counts.opened),
        ("sessions.reused", "Messages that found their conversation in memory", lambda: counts.reused),
        ("sessions.reloaded", "Conversations woken from storage", lambda: counts.reloaded),
        ("sessions.cleaned", "Idle conversations put to sleep", lambda: counts.cleaned),
        ("sessions.left", "Conversations left with their connection", lambda: counts.left),
        ("sessions.reset", "People who had everything forgotten", lambda: counts.reset),
    ]


def _oldest(sessions: SessionManager) -> float:
    now = datetime.now(UTC)
    return max(((now - talk.context.created_at).total_seconds() for talk in sessions.live), default=0.0)
