# ruff: noqa: ARG002  (the port's signatures)
"""Stands for the tab of a conversation while none is there: nothing reaches it, and nobody is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from server.core.lease import Lease
from shared.errors import LinkLostError
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject
from shared.news import Moved, News
from shared.tool_spec import ToolSpec

GONE = "The tab that held this conversation is gone."


class AbsentTab:
    """Implements ``server.tabs.tab.Tab``. Its tools are those of the tab that was there last; its device has no id."""

    def __init__(self, lease: Lease) -> None:
        self.signature: ConnectionSignature = lease.holder
        self.device: Device = replace(lease.device, id="")
        self.tools: Mapping[str, ToolSpec] = {spec.name: spec for spec in lease.tools}

    def folder(self, session_id: SessionId) -> str:
        """None: no device is there."""
        return ""

    async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
        """Raise ``LinkLostError``."""
        raise LinkLostError(GONE)

    async def ask(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        """Raise ``LinkLostError``."""
        raise LinkLostError(GONE)

    async def withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        """Raise ``LinkLostError``."""
        raise LinkLostError(GONE)

    async def call_tool(self, call: ToolCalled) -> JsonObject:
        """Raise ``LinkLostError``."""
        raise LinkLostError(GONE)

    async def tell(self, news: News | Moved) -> None:
        """Raise ``LinkLostError``."""
        raise LinkLostError(GONE)
