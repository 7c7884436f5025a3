"""What every conversation of a server works with."""

from __future__ import annotations

from dataclasses import dataclass

from server.loading import Loading
from server.metrics.measures import Measures
from server.ports import Agent, Stores
from server.spending import UsageBook
from server.state.shared_state import SharedStates


@dataclass(frozen=True, slots=True)
class Services:
    """The same for all conversations. Timeouts are in seconds: for a person to think, and for a tab's tool to run."""

    agent: Agent
    stores: Loading[Stores]
    states: SharedStates
    book: UsageBook
    measures: Measures
    approval_timeout: float
    call_timeout: float
