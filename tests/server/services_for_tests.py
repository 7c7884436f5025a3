"""What conversations work with, kept in memory: the storage remembers what the test's conversations save."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from server.bus.local_changes import LocalChanges
from server.conversations.services import Services
from server.conversations.sessions import SessionManager
from server.core.identity import Identity, identity_named
from server.core.remembered import Remembered, TurnUsage
from server.core.usage import Budgets
from server.loading import Loading
from server.metrics.measures import Measures
from server.ports import Agent, Stores
from server.spending import UsageBook
from server.state.shared_state import SharedStates
from server.storage.memory_state import MemoryState
from shared.errors import StorageError
from shared.ids import SessionId, TenantId
from shared.usage import TokenUsage

ADA = identity_named("default", "ada")
BOB = identity_named("default", "bob")
ADA_OF_ACME = identity_named("acme", "ada")


@dataclass
class ConversationsForTests:
    """Implements ``ConversationStore``; fails on demand."""

    kept: dict[tuple[Identity, SessionId], Remembered] = field(default_factory=dict)
    booked: list[tuple[Identity, SessionId, TurnUsage]] = field(default_factory=list)
    loads: int = 0
    is_broken: bool = False

    async def load(self, identity: Identity, session_id: SessionId) -> Remembered | None:
        self._check()
        self.loads += 1
        return self.kept.get((identity, session_id))

    async def save(
        self, identity: Identity, session_id: SessionId, remembered: Remembered, turn: TurnUsage | None = None
    ) -> None:
        self._check()
        self.kept[identity, session_id] = remembered
        if turn is not None:
            self.booked.append((identity, session_id, turn))

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
        budgets: Budgets | None = None,
    ) -> None:
        self.conversations = ConversationsForTests()
        self.stores = Stores(self.conversations, UsageForTests(self.conversations), MemoryState())
        self.changes = LocalChanges()
        self.now = 0.0
        self.services = Services(
            agent=agent,
            stores=Loading("the storage", self._bring),
            states=SharedStates(self._bring_state, self.changes),
            book=UsageBook(budgets or Budgets()),
            measures=Measures(),
            approval_timeout=approval_timeout,
            call_timeout=call_timeout,
        )
        self.sessions = SessionManager(self.services, idle_time=idle_time)

    async def _bring(self) -> Stores:
        return self.stores

    async def _bring_state(self) -> MemoryState:
        return self.stores.state  # type: ignore[return-value]  # made above
