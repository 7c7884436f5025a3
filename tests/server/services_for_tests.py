"""What conversations work with, kept in memory: the storage remembers what the test's conversations save."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.bus.local_changes import LocalChanges
from server.conversations.conversation import Conversation
from server.conversations.services import Services
from server.conversations.sessions import SessionManager
from server.conversations.telling import Opening
from server.core.deadline import Moment
from server.core.decision import AuditEntry
from server.core.grant import Grant, GrantId
from server.core.identity import Identity, identity_named
from server.core.policy_rules import PolicyRule
from server.core.remembered import Remembered, TurnUsage
from server.core.usage import Budgets
from server.loading import Loading
from server.metrics.measures import Measures
from server.ports import Agent, Stores
from server.spending import UsageBook
from server.state.shared_state import SharedStates
from server.storage.memory_state import MemoryState
from server.tabs.tab import Tab
from shared.errors import StorageError
from shared.ids import ConnectionSignature, SessionId, TenantId
from shared.usage import TokenUsage
from tests.server.ledger_for_tests import LedgerForTests

ADA = identity_named("default", "ada")
BOB = identity_named("default", "bob")
ADA_OF_ACME = identity_named("acme", "ada")


@dataclass
class ConversationsForTests:
    """Implements ``ConversationStore`` over what the ledger keeps; fails on demand."""

    ledger: LedgerForTests
    loads: int = 0

    @property
    def kept(self) -> dict[tuple[Identity, SessionId], Remembered]:
        return self.ledger.kept

    @property
    def booked(self) -> list[tuple[Identity, SessionId, TurnUsage]]:
        return self.ledger.booked

    @property
    def is_broken(self) -> bool:
        return self.ledger.is_broken

    @is_broken.setter
    def is_broken(self, is_broken: bool) -> None:
        self.ledger.is_broken = is_broken

    async def load(self, identity: Identity, session_id: SessionId) -> Remembered | None:
        self._check()
        self.loads += 1
        return self.kept.get((identity, session_id))

    async def forget(self, identity: Identity) -> int:
        self._check()
        gone = [key for key in self.kept if key[0] == identity]
        for key in gone:
            del self.kept[key]
        return len(gone)

    def _check(self) -> None:
        if self.is_broken:
            raise StorageError("The database failed.")


@dataclass
class UsageForTests:
    """Implements ``UsageStore`` over what was booked."""

    conversations: ConversationsForTests

    async def of_session(self, identity: Identity, session_id: SessionId) -> TokenUsage:
        booked = self.conversations.booked
        return _sum(turn for who, name, turn in booked if (who, name) == (identity, session_id))

    async def of_user(self, identity: Identity, since: datetime | None = None) -> TokenUsage:
        booked = self.conversations.booked
        return _sum(t for who, _, t in booked if who == identity and (since is None or t.ended_at >= since))

    async def of_tenant(self, tenant: TenantId, since: datetime | None = None) -> TokenUsage:
        booked = self.conversations.booked
        return _sum(t for who, _, t in booked if who.tenant == tenant and (since is None or t.ended_at >= since))


@dataclass
class GrantsForTests:
    """Implements ``GrantStore`` over what the ledger keeps."""

    ledger: LedgerForTests

    async def of_person(self, identity: Identity, now: datetime) -> tuple[Grant, ...]:
        return tuple(g for g in self.ledger.grants.values() if g.identity == identity and g.lasts(now))

    async def revoke(self, identity: Identity, grant_id: GrantId) -> bool:
        return self._drop(lambda grant: (grant.identity, grant.id) == (identity, grant_id)) > 0

    async def revoke_all(self, identity: Identity) -> int:
        return self._drop(lambda grant: grant.identity == identity)

    async def log(self, identity: Identity, last: int) -> tuple[AuditEntry, ...]:
        return tuple(entry for entry in self.ledger.audit if entry.key.identity == identity)[-last:]

    async def purge(self, now: datetime) -> int:
        return self._drop(lambda grant: grant.expires_at <= now)

    def _drop(self, is_gone: Callable[[Grant], bool]) -> int:
        gone = [name for name, grant in self.ledger.grants.items() if is_gone(grant)]
        for name in gone:
            del self.ledger.grants[name]
        return len(gone)


def _sum(turns: object) -> TokenUsage:
    total = TokenUsage()
    for turn in turns:  # type: ignore[attr-defined]  # any iterable of turns
        total += turn.tokens
    return total


class Setup:
    """One server's services around ``agent``, and what a test looks at in them."""

    def __init__(
        self,
        agent: Agent,
        *,
        approval_timeout: float = 60,
        call_timeout: float = 60,
        idle_time: float = 1800,
        doze_after: float = 30,
        budgets: Budgets | None = None,
        policy: tuple[PolicyRule, ...] = (),
    ) -> None:
        self.ledger = LedgerForTests()
        self.conversations = ConversationsForTests(self.ledger)
        usage = UsageForTests(self.conversations)
        self.grants = GrantsForTests(self.ledger)
        self.stores = Stores(self.conversations, self.ledger, usage, MemoryState(), self.grants)
        self.changes = LocalChanges()
        self.ahead = 0.0
        self.find_tab: Callable[[Identity, ConnectionSignature], Tab | None] = lambda _, __: None
        self.services = Services(
            agent=agent,
            stores=Loading("the storage", self._bring),
            states=SharedStates(self._bring_state, self.changes),
            book=UsageBook(budgets or Budgets()),
            measures=Measures(),
            approval_timeout=approval_timeout,
            call_timeout=call_timeout,
            clock=self.clock,
            doze_after=doze_after,
            find_tab=self._find_tab,
            policy=policy,
        )
        self.sessions = SessionManager(self.services, idle_time=idle_time)

    def clock(self) -> Moment:
        """The present moment, ``ahead`` seconds later."""
        return Moment("boot", time.monotonic() + self.ahead)

    def _find_tab(self, identity: Identity, signature: ConnectionSignature) -> Tab | None:
        return self.find_tab(identity, signature)

    async def _bring(self) -> Stores:
        return self.stores

    async def bring_grants(self) -> GrantsForTests:
        """Where grants are kept."""
        return self.grants

    async def _bring_state(self) -> MemoryState:
        return self.stores.state  # type: ignore[return-value]  # made above


def answered(*, after: int | None = None, is_replayed_first: bool = False) -> Opening:
    """An opening whose request is answered at once."""
    opening = Opening(after, is_replayed_first)
    opening.answered.set()
    return opening


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Let the loop turn until ``true``, for at most ``seconds``."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0)


def begun(sessions: SessionManager, identity: Identity, tab: Tab) -> Conversation:
    """A new conversation, its request answered at once."""
    return sessions.begin(identity, tab, answered()).talk
