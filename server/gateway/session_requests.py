"""How a connection comes to hold a conversation, and how it gives one away: begun, loaded, resumed, handed over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from server.conversations.handoffs import LIFETIME
from server.conversations.sessions import Opened
from server.conversations.telling import Opening
from server.core.identity import Identity
from server.gateway.acp import session_held
from server.gateway.acp_news import device_object
from server.gateway.acp_sessions import (
    Folder,
    Wanted,
    read_close,
    read_handoff,
    read_load,
    read_new_session,
    read_redeem,
    read_resume,
)
from server.gateway.acp_tab import AcpTab
from server.gateway.hall import Hall
from server.gateway.rpc import Answer
from server.log import say
from shared.acp_names import (
    META_REPLAY,
    METHOD_DEVICES_LIST,
    METHOD_HANDOFF,
    METHOD_REDEEM,
)
from shared.errors import BadRequestError, LinkLostError, TooManyRequestsError
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject, JsonValue
from shared.news import HandedOver

logger = logging.getLogger(__name__)

MAX_SESSIONS = 32
"""How many sessions one connection may begin."""


class SessionRequests:
    """Answers for the person that ``who`` finds in the params of a request; ``tab_of`` gives that person's tab."""

    def __init__(
        self,
        hall: Hall,
        signature: ConnectionSignature,
        *,
        who: Callable[[JsonObject], Identity],
        tab_of: Callable[[Identity], AcpTab],
    ) -> None:
        self.folders: dict[SessionId, Folder] = {}
        """The folder on the client's device that each session is about."""
        self._hall = hall
        self._signature = signature
        self._who = who
        self._tab_of = tab_of
        self._opened_by: dict[SessionId, Identity] = {}
        self._openings: list[tuple[JsonObject, Opening]] = []
        self._is_gone = False

    @property
    def methods(self) -> Mapping[str, Answer]:
        """What is answered, by method."""
        return {
            "session/new": self._new,
            "session/load": self._load,
            "session/resume": self._resume,
            "session/close": self._close,
            f"_{METHOD_HANDOFF}": self._hand_off,
            f"_{METHOD_REDEEM}": self._redeem,
            f"_{METHOD_DEVICES_LIST}": self._devices,
        }

    def opened_by(self, session_id: SessionId) -> Identity | None:
        """Who began or opened a session here; ``None`` if nobody did."""
        return self._opened_by.get(session_id)

    def answered(self, result: JsonValue) -> None:
        """An answer is on its way: what waits for it may follow."""
        # Some clients hang when a session's commands come before the answer that names the session.
        for known, opening in self._openings:
            if known is result:
                opening.answered.set()
        self._openings = [(known, opening) for known, opening in self._openings if known is not result]

    def leave(self) -> None:
        """The connection is gone: nothing waits for an answer any more."""
        self._is_gone = True
        for _, opening in self._openings:
            opening.answered.set()

    # --- requests -----------------------------------------------------------------------------------------

    async def _new(self, params: JsonObject) -> JsonObject:
        identity = self._who(params)
        folder = read_new_session(params)
        self._check_room()
        if self._is_gone:
            raise LinkLostError("The connection is gone.")
        opening = Opening()
        opened = self._hall.sessions.begin(identity, self._tab_of(identity), opening)
        session_id = opened.talk.context.session_id
        say(logger, "session_opened", client_identifier=self._signature, session=session_id)
        return self._answer(identity, opened, folder, opening, sessionId=session_id)

    async def _load(self, params: JsonObject) -> JsonObject:
        identity, wanted = self._who(params), read_load(params)
        opening = Opening(after=0, is_replayed_first=True)
        with _or_else_nothing_waits(opening):
            opened = await self._open(identity, wanted, opening)
            await opening.replayed.wait()
            return self._answer(identity, opened, wanted.folder, opening)

    async def _resume(self, params: JsonObject) -> JsonObject:
        identity, wanted = self._who(params), read_resume(params)
        opening = Opening(after=wanted.after)
        with _or_else_nothing_waits(opening):
            opened = await self._open(identity, wanted, opening)
            told = "gap" if opened.is_gap else "complete"
            return self._answer(identity, opened, wanted.folder, opening, meta={META_REPLAY: told})

    async def _redeem(self, params: JsonObject) -> JsonObject:
        identity, (code, folder) = self._who(params), read_redeem(params)
        self._check_room()
        key = self._hall.handoffs.redeem(identity, code)
        opening = Opening(after=0)
        wanted = Wanted(key.session_id, folder, take_over=True)
        with _or_else_nothing_waits(opening):
            opened = await self._open(identity, wanted, opening)
            return self._answer(identity, opened, folder, opening, sessionId=key.session_id)

    async def _close(self, params: JsonObject) -> JsonObject:
        session_id = read_close(params)
        identity = self._opened_by.get(session_id) or self._who(params)
        await self._hall.sessions.end(identity, self._tab_of(identity), session_id)
        self._opened_by.pop(session_id, None)
        self._keep_folder(session_id, None)
        return {}

    async def _hand_off(self, params: JsonObject) -> JsonObject:
        asked = read_handoff(params)
        identity = self._opened_by.get(asked.session_id) or self._who(params)
        tab = self._tab_of(identity)
        target = None if asked.to is None else self._hall.audience.find(identity, asked.to)
        if asked.to is not None and (target is None or asked.to == self._signature):
            raise BadRequestError("That device is not connected now. Choose one from the list.")
        talk = await self._hall.sessions.held(identity, tab, asked.session_id)
        code = self._hall.handoffs.offer(talk.key)
        if target is not None:
            target.tell(HandedOver(asked.session_id, code, tab.device))
        return {"code": code, "expiresIn": LIFETIME}

    async def _devices(self, params: JsonObject) -> JsonObject:
        tabs = self._hall.audience.tabs(self._who(params))
        devices: list[JsonValue] = [
            {
                **device_object(tab.device),
                "connection": tab.signature,
                "tools": [*tab.tools],
                "isSelf": tab.signature == self._signature,
            }
            for tab in tabs
        ]
        return {"devices": devices}

    # --- steps --------------------------------------------------------------------------------------------

    async def _open(self, identity: Identity, wanted: Wanted, opening: Opening) -> Opened:
        if wanted.session_id not in self._opened_by:
            self._check_room()
        # Known before: a tool may ask for a file there as soon as the conversation is held.
        before = self.folders.get(wanted.session_id)
        self.folders[wanted.session_id] = wanted.folder
        try:
            return await self._hall.sessions.open(
                identity,
                self._tab_of(identity),
                wanted.session_id,
                opening,
                secret=wanted.secret,
                take_over=wanted.take_over,
            )
        except BaseException:
            self._keep_folder(wanted.session_id, before)
            raise
        finally:
            if self._is_gone:
                # It went while it was given the conversation: nobody else would take it away again.
                await self._hall.sessions.leave(self._signature)

    def _answer(
        self,
        identity: Identity,
        opened: Opened,
        folder: Folder,
        opening: Opening,
        *,
        meta: JsonObject | None = None,
        **fields: JsonValue,
    ) -> JsonObject:
        session_id = opened.talk.context.session_id
        self._opened_by[session_id] = identity
        self.folders[session_id] = folder
        held = session_held(self._hall.model, opened.secret, opened.lease.epoch)
        answer: JsonObject = {**fields, "_meta": {**held, **(meta or {})}}
        self._openings.append((answer, opening))
        if self._is_gone:
            self.leave()
        return answer

    def _keep_folder(self, session_id: SessionId, folder: Folder | None) -> None:
        if folder is None:
            self.folders.pop(session_id, None)
        else:
            self.folders[session_id] = folder

    def _check_room(self) -> None:
        for session_id in [name for name in self._opened_by if not self._hall.sessions.holds(self._signature, name)]:
            # Given away, or taken.
            del self._opened_by[session_id]
            self._keep_folder(session_id, None)
        if len(self._opened_by) >= MAX_SESSIONS:
            raise TooManyRequestsError(
                f"A connection begins at most {MAX_SESSIONS} sessions. Close some, or open another connection."
            )


@contextmanager
def _or_else_nothing_waits(opening: Opening) -> Iterator[None]:
    """What is told once the opening is answered waits for ever if it never is: it fails, or the connection is gone."""
    try:
        yield
    except BaseException:
        opening.answered.set()
        raise
