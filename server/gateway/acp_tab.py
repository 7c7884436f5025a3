"""The tab behind one connection, as a conversation sees it: our frames in, ACP's messages out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from server.core.identity import Identity
from server.gateway.acp import (
    Message,
    permission_request,
    spoken_as,
    tool_request,
    update_message,
    withdrawal_message,
)
from server.gateway.acp_news import news_message
from server.gateway.acp_requests import read_answer
from server.gateway.acp_sessions import Folder
from server.gateway.announced import Announcement
from server.gateway.lent_runs import LentRuns
from server.gateway.rpc import RefusedError, Rpc
from shared.frames import (
    AnswerRestarted,
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Device,
    ToolCalled,
    TurnEnded,
    Update,
)
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject, JsonValue
from shared.news import Moved, News
from shared.tool_spec import ToolSpec

logger = logging.getLogger(__name__)

Folders: TypeAlias = Mapping[SessionId, Folder]
"""The folder on the client's device that each session is about."""


class AcpTab:
    """Implements ``server.tabs.tab.Tab``. With ``acting``, all that is said names the person it is said to."""

    def __init__(
        self,
        *,
        signature: ConnectionSignature,
        rpc: Rpc,
        announced: Announcement,
        folders: Folders,
        acting: Identity | None = None,
    ) -> None:
        self.signature = signature
        self._rpc = rpc
        self._announced = announced
        self._folders = folders
        self._lent = LentRuns(self._request, folders)
        self._acting = acting
        # People who take turns on one connection may have sessions of one name.
        self._who = ("", "") if acting is None else (acting.tenant, acting.user_id)

    @property
    def device(self) -> Device:
        """What the connection says it is."""
        return self._announced.device

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """The frontend tools it offers, by name."""
        return self._announced.tools

    def folder(self, session_id: SessionId) -> str:
        """The folder that the session is about there, as the client said it; empty if it did not."""
        folder = self._folders.get(session_id)
        return "" if folder is None else str(folder)

    async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
        """Send an update of a session; what ACP has no word for, only to a client that knows our additions."""
        if not isinstance(update, TurnEnded | AnswerRestarted) or self._announced.speaks_ringback:
            await self._notify(update_message(session_id, seq, update))

    async def ask(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        """Show the approval; ``answered`` is called with the person's answer. One that makes no sense is no choice."""
        said = spoken_as(permission_request(approval, datetime.now(UTC)), self._acting)
        call_id = approval.call_id
        await self._rpc.ask(
            said.method,
            said.params,
            lambda answer: answered(read_answer(call_id, answer)),
            gone=lambda: answered(None),
            subject=(*self._who, approval.session_id, call_id),
        )

    async def withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        """Take a shown approval back; a client that does not know our additions is not told."""
        self._rpc.withdraw(*self._who, withdrawal.session_id, withdrawal.call_id)
        if self._announced.speaks_ringback:
            await self._notify(withdrawal_message(withdrawal))

    async def call_tool(self, call: ToolCalled) -> JsonObject:
        """Run a frontend tool there and wait for its dict."""
        try:
            if self._announced.lends:
                return await self._lent.run(call)
            return _tool_result(await self._request(tool_request(call)))
        except RefusedError as error:
            return {"success": False, "error": str(error) or "The device refused without saying why."}

    async def tell(self, news: News | Moved) -> None:
        """Tell what is no part of a conversation; a client that does not know our additions is not told."""
        if isinstance(news, Moved):
            # What was asked there is asked of the new holder.
            self._rpc.withdraw(*self._who, news.session_id)
        if self._announced.speaks_ringback:
            await self._notify(news_message(news))

    async def _notify(self, message: Message) -> None:
        said = spoken_as(message, self._acting)
        await self._rpc.notify(said.method, said.params)

    async def _request(self, message: Message) -> JsonValue:
        said = spoken_as(message, self._acting)
        return await self._rpc.request(said.method, said.params)


def _tool_result(answer: JsonValue) -> JsonObject:
    match answer:
        case {"result": dict(result)}:
            return result
        case {"error": str(error)}:
            return {"success": False, "error": error}
        case _:
            return {"success": False, "error": "The device answered without a result."}
