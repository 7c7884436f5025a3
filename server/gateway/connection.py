"""One connection: answers the requests of the client behind it, each for the person who makes it."""

from __future__ import annotations

import logging
from dataclasses import replace

from server.conversations.conversation import Conversation
from server.core.acting import acting_identity
from server.core.identity import Identity, Scope
from server.gateway.acp import prompt_answered
from server.gateway.acp_requests import asked_identity, read_cancel, read_initialize, read_prompt
from server.gateway.acp_tab import AcpTab
from server.gateway.acp_welcome import welcome
from server.gateway.announced import Announcement
from server.gateway.grant_requests import GrantRequests
from server.gateway.hall import Hall
from server.gateway.line import Line
from server.gateway.person_requests import PersonRequests
from server.gateway.rpc import Rpc
from server.gateway.session_requests import SessionRequests
from server.gateway.transport import WebSocketTransport
from server.log import say
from server.state.shared_state import SharedState
from shared.errors import BadRequestError, NotPermittedError, ProtocolError, TooManyRequestsError
from shared.ids import SessionId
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)

MAX_PEOPLE = 1_000
"""For how many people one connection may act."""


class TurnProblemError(ProtocolError):
    """A turn that failed: its problem's code and sentence answer ``session/prompt``."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Connection:
    """One WebSocket. With the scope ``act-as`` there may be many people behind it, each with a tab of their own."""

    def __init__(self, line: Line, hall: Hall) -> None:
        self._hall = hall
        self._admission = line.admission
        self._signature = line.signature
        self._announced: Announcement | None = None
        self._tabs: dict[Identity, AcpTab] = {}
        transport = WebSocketTransport(line, messages=hall.messages)
        self._sessions = SessionRequests(hall, line.signature, who=self._who, tab_of=self._tab)
        transport.on_answered = self._sessions.answered
        person = PersonRequests(who=self._who, state_of=self._state_of, reset=self._hall.reset, metrics=self._metrics)
        self._rpc = Rpc(
            transport,
            requests={
                "initialize": self._initialize,
                "session/prompt": self._prompt,
                **self._sessions.methods,
                **person.methods,
                **GrantRequests(who=self._who, store=self._hall.grants).methods,
            },
            notifications={"session/cancel": self._cancel},
        )

    async def serve(self) -> None:
        """Answer the client until it is gone, and then leave its conversations."""
        try:
            await self._rpc.listen()
        finally:
            self._sessions.leave()
            for identity, tab in self._tabs.items():
                self._hall.audience.leave(identity, tab)
            try:
                await self._hall.sessions.leave(self._signature)
            finally:
                await self._rpc.close()

    # --- the client's requests ----------------------------------------------------------------------------

    async def _initialize(self, params: JsonObject) -> JsonObject:
        if self._announced is not None:
            raise BadRequestError("This connection is initialized already.")
        announced = read_initialize(params, self._hall.reserved)
        if not announced.device.id:
            announced = replace(announced, device=replace(announced.device, id=self._signature))
        self._announced = announced
        if Scope.CHAT in self._admission.scopes:
            self._tab(self._admission.identity)
        device = announced.device
        say(
            logger,
            "device_announced",
            client_identifier=self._signature,
            device=device.label,
            kind=device.kind,
            tools=len(announced.tools),
        )
        return welcome(version=self._hall.version)

    async def _prompt(self, params: JsonObject) -> JsonObject:
        self._introduced()
        asked = read_prompt(params)
        talk = await self._talk(params, asked.session_id)
        ended = await talk.prompt(asked.said)
        if ended.problem is not None:
            raise TurnProblemError(ended.problem.code, ended.problem.message)
        return prompt_answered(ended.stop_reason)

    async def _cancel(self, params: JsonObject) -> None:
        session_id = read_cancel(params)
        talk = await self._hall.sessions.awake(self._session_identity(params, session_id), self._signature, session_id)
        if talk is not None:
            await talk.cancel()

    # --- who asks -----------------------------------------------------------------------------------------

    def _who(self, params: JsonObject, begun_by: Identity | None = None) -> Identity:
        """The person who makes a request: the one it names, or else who began the session, or the connection's."""
        self._introduced()
        asked = asked_identity(params)
        if asked is None and begun_by is not None:
            return begun_by
        return acting_identity(self._admission, asked, self._hall.tenants)

    async def _talk(self, params: JsonObject, session_id: SessionId) -> Conversation:
        identity = self._session_identity(params, session_id)
        return await self._hall.sessions.held(identity, self._tab(identity), session_id)

    def _session_identity(self, params: JsonObject, session_id: SessionId) -> Identity:
        return self._who(params, self._sessions.opened_by(session_id))

    def _tab(self, identity: Identity) -> AcpTab:
        tab = self._tabs.get(identity)
        if tab is None:
            if len(self._tabs) >= MAX_PEOPLE:
                raise TooManyRequestsError(f"A connection acts for at most {MAX_PEOPLE} people. Open another one.")
            tab = self._tabs[identity] = AcpTab(
                signature=self._signature,
                rpc=self._rpc,
                announced=self._introduced(),
                folders=self._sessions.folders,
                acting=None if identity == self._admission.identity else identity,
            )
            self._hall.audience.join(identity, tab)
        return tab

    def _state_of(self, identity: Identity) -> SharedState:
        return self._hall.states.of(identity, self._signature)

    async def _metrics(self) -> str:
        if Scope.METRICS not in self._admission.scopes:
            raise NotPermittedError("This credential may not read the server's counters: it lacks the scope metrics.")
        return await self._hall.metrics()

    def _introduced(self) -> Announcement:
        if self._announced is None:
            raise BadRequestError("The first request of a connection is initialize.")
        return self._announced


async def talk(line: Line, hall: Hall) -> None:
    """Serve one connection to its end."""
    await Connection(line, hall).serve()
