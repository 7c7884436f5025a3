"""What every conversation of a server works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from server.core.deadline import Moment
from server.core.identity import Identity
from server.core.policy_rules import PolicyRule
from server.loading import Loading
from server.metrics.measures import Measures
from server.ports import Agent, Stores
from server.spending import UsageBook
from server.state.shared_state import SharedStates
from server.tabs.bookkeeping import LIFETIME
from server.tabs.tab import Tab
from shared.ids import ConnectionSignature


@dataclass(frozen=True, slots=True)
class Services:
    """The same for all conversations. Timeouts are in seconds: for a person to think, and for a tab's tool to run.

    ``doze_after`` is how long a turn that only waits for a person holds its task, in seconds; ``clock`` is one that
    nobody can set; ``find_tab`` finds a tab of a person's. ``policy`` are the rules of the policy file, and a grant
    counts for ``grant_lifetime``.
    """

    agent: Agent
    stores: Loading[Stores]
    states: SharedStates
    book: UsageBook
    measures: Measures
    approval_timeout: float
    call_timeout: float
    clock: Callable[[], Moment]
    find_tab: Callable[[Identity, ConnectionSignature], Tab | None]
    doze_after: float = 30.0
    policy: tuple[PolicyRule, ...] = ()
    grant_lifetime: timedelta = LIFETIME
