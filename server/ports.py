"""What the rooms offer to a conversation: the agent that answers its turns, and where things are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.context import TurnContext
from server.core.api_key import ApiKey, KeyId
from server.core.decision import AuditEntry
from server.core.grant import Grant, GrantId
from server.core.identity import Identity
from server.core.remembered import Remembered
from server.ledger import Ledger
from server.state.store import StateStore
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, Command, ModelInfo, UsageChanged
from shared.ids import SessionId, TenantId, UserId
from shared.usage import TokenUsage


class Agent(Protocol):
    """What answers a turn."""

    @property
    def model(self) -> ModelInfo:
        """Which model answers."""
        ...

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands that the agent understands, to be offered to the tab."""
        ...

    def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | AnswerRestarted | UsageChanged]:
        """Answer ``turn.text``, piece by piece. Ends early and normally once ``turn.abort`` is set.

        With ``turn.told``, the turn was begun before and stopped: it goes on from where the agent's own store knows
        it, its open calls are asked for again, and what was told and is not stored is taken back first.

        Tools are admitted and settled through
        ``turn.approvals``; frontend tools run through ``turn.delegate``.

        Raises:
            TurnFailedError: if the model or the storage failed; the sentence is for the person.
        """
        ...

    async def forget(self, identity: Identity) -> int:
        """Delete every stored conversation of a person; none of their turns runs. The number deleted.

        Raises:
            TurnFailedError: if the storage failed; some may be gone.
        """
        ...


class ConversationStore(Protocol):
    """What we keep of conversations, beside what the agent keeps of them."""

    async def load(self, identity: Identity, session_id: SessionId) -> Remembered | None:
        """What was saved of the conversation; ``None`` if nothing was, or the id is another person's."""
        ...

    async def forget(self, identity: Identity) -> int:
        """Delete what is kept of a person's conversations; the books stay. The number deleted."""
        ...


class UsageStore(Protocol):
    """The books: what was used, by whom. ``since`` is in UTC; ``None`` is from the beginning."""

    async def of_session(self, identity: Identity, session_id: SessionId) -> TokenUsage:
        """What one conversation used."""
        ...

    async def of_user(self, identity: Identity, since: datetime | None = None) -> TokenUsage:
        """What one person used."""
        ...

    async def of_tenant(self, tenant: TenantId, since: datetime | None = None) -> TokenUsage:
        """What all people of a tenant used."""
        ...


class GrantStore(Protocol):
    """What people granted, and the audit log. Each method raises ``StorageError`` when the database fails."""

    async def of_person(self, identity: Identity, now: datetime) -> tuple[Grant, ...]:
        """The person's grants that last, oldest first."""
        ...

    async def revoke(self, identity: Identity, grant_id: GrantId) -> bool:
        """Take one of the person's grants back; ``False`` if they have none of that id."""
        ...

    async def revoke_all(self, identity: Identity) -> int:
        """Take all of the person's grants back; how many there were."""
        ...

    async def log(self, identity: Identity, last: int) -> tuple[AuditEntry, ...]:
        """The person's latest entries in the audit log, oldest first."""
        ...

    async def purge(self, now: datetime) -> int:
        """Clear away what is past its time; how many there were."""
        ...


class KeyStore(Protocol):
    """The API keys. Each method raises ``StorageError`` when the database fails."""

    async def create(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            KeyTakenError: if there is one of that id.
        """
        ...

    async def find(self, key_id: KeyId) -> ApiKey | None:
        """The key of that id, revoked and expired ones included; ``None`` if there never was one."""
        ...

    async def find_all(self, *, tenant: TenantId | None = None, user_id: UserId | None = None) -> tuple[ApiKey, ...]:
        """Every key, oldest first; only those of a tenant, of a user's name, or of both, where they are given."""
        ...

    async def revoke(self, key_id: KeyId, at: datetime) -> ApiKey:
        """The key as it is once revoked; one that was revoked before keeps the time of that.

        Raises:
            UnknownKeyError: if there is none of that id.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """Where everything is kept. Each raises ``StorageError`` when the database fails."""

    conversations: ConversationStore
    ledger: Ledger
    usage: UsageStore
    state: StateStore
    grants: GrantStore
