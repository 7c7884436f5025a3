"""The port to one tab: what a conversation may say to, and ask of, the connection that holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject
from shared.news import Moved, News
from shared.tool_spec import ToolSpec


class Tab(Protocol):
    """One connection, as a conversation sees it. Every method raises ``LinkLostError`` once it is gone."""

    @property
    def signature(self) -> ConnectionSignature:
        """The connection's own UUID."""
        ...

    @property
    def device(self) -> Device:
        """What the connection says it is."""
        ...

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """The frontend tools it offers, by name."""
        ...

    def folder(self, session_id: SessionId) -> str:
        """The working folder of a session there, an absolute path; empty if it is not known."""
        ...

    async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
        """Send the ``seq``-th update of a session, or one that is none of them; waits while the peer reads slowly."""
        ...

    async def ask(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        """Show the approval; ``answered`` is called once: with the person's answer, or when the connection is gone."""
        ...

    async def withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        """Take a shown approval back."""
        ...

    async def call_tool(self, call: ToolCalled) -> JsonObject:
        """Run a frontend tool there and wait for its dict. A tool's own failure is a dict, not an exception."""
        ...

    async def tell(self, news: News | Moved) -> None:
        """Tell what is no part of a conversation; a client that does not know our additions is not told."""
        ...
