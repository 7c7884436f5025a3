"""One connection: answers the requests of the client behind it, each for the person who makes it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from pathlib import PurePosixPath, PureWindowsPath

from server.conversations.conversation import Conversation
from server.core.acting import acting_identity
from server.core.identity import Identity, Scope
from server.gateway.acp import prompt_answered, session_opened, welcome
from server.gateway.acp_requests import asked_identity, read_cancel, read_initialize, read_new_session, read_prompt
from server.gateway.acp_tab import AcpTab
from server.gateway.announced import Announcement
from server.gateway.hall import Hall
from server.gateway.listener import Line
from server.gateway.person_requests import PersonRequests
from server.gateway.rpc import Rpc
from server.gateway.transport import WebSocketTransport
from server.log import say
from server.state.shared_state import SharedState
from shared.errors import BadRequestError, NotPermittedError, ProtocolError, TooManyRequestsError
from shared.ids import SessionId
from shared.json_types import JsonObject, JsonValue

logger = logging.getLogger(__name__)

MAX_SESSIONS = 32
"""How many sessions one connection may begin."""
MAX_PEOPLE = 1_000
"""For how many people one connection may act."""


class TurnProblemError(ProtocolError):
    """A turn that failed: its problem's code and sentence answer ``session/prompt``."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Begun:
    """A session begun here: the folder on the client's device that it is about, and who began it."""

    folder: PurePosixPath | PureWindowsPath
    identity: Identity


class Connection:
    """One WebSocket. With the scope ``act-as`` there may be many people behind it, each with a tab of their own."""

    def __init__(self, line: Line, hall: Hall) -> None:
        self._hall = hall
        self._admission = line.admission
        self._signature = line.signature
        self._announced: Announcement | None = None
        self._begun: dict[SessionId, Begun] = {}
        self._folders: dict[SessionId, PurePosixPath | PureWindowsPath] = {}
        self._tabs: dict[Identity, AcpTab] = {}
        self._ungreeted: dict[str, Conversation] = {}
        self._greetings: set[asyncio.Task[None]] = set()
        transport = WebSocketTransport(line)
        transport.on_answered = self._answered
        person = PersonRequests(who=self._who, state_of=self._state_of, reset=self._hall.reset, metrics=self._metrics)
        self._rpc = Rpc(
            transport,
            requests={
                "initialize": self._initialize,
                "session/new": self._new_session,
                "session/prompt": self._prompt,
                **person.methods,
            },
            notifications={"session/cancel": self._cancel},
        )

    async def serve(self) -> None:
        """Answer the client until it is gone, and then leave its conversations."""
        try:
            await self._rpc.listen()
        finally:
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

    async def _new_session(self, params: JsonObject) -> JsonObject:
        identity = self._who(params)
        folder = read_new_session(params)
        if len(self._begun) >= MAX_SESSIONS:
            raise TooManyRequestsError(f"A connection begins at most {MAX_SESSIONS} sessions. Open another connection.")
        talk = self._hall.sessions.begin(identity, self._tab(identity))
        session_id = talk.context.session_id
        self._begun[session_id] = Begun(folder, identity)
        self._folders[session_id] = folder
        self._ungreeted[session_id] = talk
        say(logger, "session_opened", client_identifier=self._signature, session=session_id)
        return session_opened(session_id, self._hall.model)

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
        begun = self._begun.get(session_id)
        return self._who(params, None if begun is None else begun.identity)

    def _tab(self, identity: Identity) -> AcpTab:
        tab = self._tabs.get(identity)
        if tab is None:
            if len(self._tabs) >= MAX_PEOPLE:
                raise TooManyRequestsError(f"A connection acts for at most {MAX_PEOPLE} people. Open another one.")
            tab = self._tabs[identity] = AcpTab(
                signature=self._signature,
                rpc=self._rpc,
                announced=self._introduced(),
                folders=self._folders,
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

    def _answered(self, result: JsonValue) -> None:
        # Some clients hang when a session's commands come before the answer that names the session.
        session_id = result.get("sessionId") if isinstance(result, dict) else None
        talk = self._ungreeted.pop(session_id, None) if isinstance(session_id, str) else None
        if talk is not None:
            task = asyncio.create_task(talk.greet())
            self._greetings.add(task)
            task.add_done_callback(self._greetings.discard)


async def talk(line: Line, hall: Hall) -> None:
    """Serve one connection to its end."""
    await Connection(line, hall).serve()
