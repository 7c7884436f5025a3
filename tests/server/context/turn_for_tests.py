"""A turn that nothing answers, with real counters and a real shared state in memory."""

from __future__ import annotations

from typing import cast

from server.bus.local_changes import LocalChanges
from server.context import SessionContext, TurnContext
from server.core.identity import Identity
from server.core.usage import Budgets
from server.spending import UsageBook
from server.state.shared_state import SharedStates
from server.storage.memory_state import MemoryState
from server.tabs.approvals import Approvals
from server.tabs.delegate import FrontendToolDelegate
from shared.ids import ConnectionSignature, MessageId, SessionId
from shared.todos import Todo
from shared.usage import TokenUsage
from tests.server.services_for_tests import ADA
from tests.server.tab_for_tests import TabForTests


class TurnsForTests:
    """Makes turns of one server: their people and shared states are the same ones where their names are."""

    def __init__(self) -> None:
        self.store = MemoryState()
        self._states = SharedStates(self._bring, LocalChanges())
        self._book = UsageBook(Budgets())

    async def _bring(self) -> MemoryState:
        return self.store

    async def of(self, identity: Identity = ADA, name: str = "one") -> TurnContext:
        """A new turn of a new conversation named ``name``."""
        session = SessionContext(identity, SessionId(name), ConnectionSignature("c"))

        async def nothing() -> None:
            return

        async def plan(todos: tuple[Todo, ...]) -> None:
            session.todos = todos

        async def unused(_: object, __: object) -> TokenUsage:
            return TokenUsage()

        return TurnContext(
            session=session,
            message_id=MessageId(f"message of {name}"),
            text="hello",
            delegate=FrontendToolDelegate(TabForTests(), session.session_id),
            approvals=cast("Approvals", None),
            shared_state=self._states.of(identity, session.client_identifier),
            spending=self._book.begin(await self._book.person(identity, unused)),
            room=nothing,
            plan=plan,
        )
