"""Which connection holds which conversation: begun, opened, left and ended."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from server.context import SessionContext
from server.conversations.conversation import Conversation
from server.conversations.holdings import Holdings
from server.conversations.live import LiveConversations
from server.conversations.services import Services
from server.conversations.telling import Opening
from server.core.identity import Identity
from server.core.lease import Lease
from server.core.session_key import SessionKey
from server.log import say
from server.tabs.tab import Tab
from shared.errors import UnknownSessionError
from shared.ids import ConnectionSignature, SessionId, session_id
from shared.news import Moved

logger = logging.getLogger(__name__)

AT_ONCE = 64
"""How many turns may run while further ones are taken up after a start."""
UNKNOWN = "This connection holds no session of that id. Begin one with session/new."


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation that a tab has come to hold, by which lease, and the secret that takes it back.

    ``is_gap``: the tab wanted what comes after an update that there never was.
    """

    talk: Conversation
    lease: Lease
    secret: str
    is_gap: bool = False


class SessionManager(LiveConversations):
    """The conversations, and which connection holds which."""

    def __init__(
        self, services: Services, *, idle_time: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``idle_time`` is how long a conversation stays in memory without being used, in seconds."""
        super().__init__(services, idle_time=idle_time, monotonic=monotonic)
        self._holdings = Holdings()

    def begin(self, identity: Identity, tab: Tab, opening: Opening) -> Opened:
        """A new conversation on the connection of ``tab``; its id is the next of that connection's."""
        name = session_id(identity.user_id, tab.signature, self._holdings.next_ordinal(tab.signature))
        key = SessionKey(identity, name)
        talk = self._make(key, SessionContext(identity, name, tab.signature))
        self.counts.opened += 1
        secret = talk.begin(tab, opening)
        lease = talk.holding.lease
        self._holdings.add(tab.signature, key, lease)
        return Opened(talk, lease, secret)

    async def open(
        self,
        identity: Identity,
        tab: Tab,
        session_id: SessionId,
        opening: Opening,
        *,
        secret: str | None = None,
        take_over: bool = False,
    ) -> Opened:
        """Let ``tab`` hold a conversation that there is; one that sleeps is woken. Who held it is told.

        If ``opening`` wants what comes after an update that there never was, nothing is replayed.

        Raises:
            SessionHeldError: if another connection holds it, and neither ``secret`` nor ``take_over`` takes it.
            UnknownSessionError: if there is none; somebody else's id gets the same answer as an invented one.
            RingbackError: if the storage failed: what ``opening`` wants cannot be read, and ``tab`` does not hold it.
        """
        key = SessionKey(identity, session_id)
        await self._services.stores.get()
        talk = await self.get_or_create(identity, session_id, tab.signature)
        # From here on without a pause, so that of two who come at once one is the second.
        if not talk.is_known:
            self._let_rest(talk)
            raise UnknownSessionError("There is no conversation of that id. Begin one with session/new.")
        talk.holding.check(tab, secret, take_over=take_over)
        before = talk.holding.seat
        self._left.discard(talk)
        is_gap = opening.after is not None and opening.after > talk.last_seq
        secret, leased = talk.open(tab, replace(opening, after=None) if is_gap else opening, secret)
        lease = talk.holding.lease
        self._holdings.add(tab.signature, key, lease)
        if before.tab.signature != tab.signature:
            self._holdings.remove(before.tab.signature, key)
            moved = Moved(session_id, lease.epoch, tab.device)
            before.outbox.put(partial(before.tab.tell, moved))
        seat = talk.holding.seat
        try:
            await asyncio.shield(leased)
            await opening.until_read()
        except Exception:
            # Half taken would be worse than not taken: what it missed would stay missing.
            seat.outbox.close()
            if talk.holding.seat is seat:
                self._let_go_of(tab, talk)
            raise
        say(logger, "conversation_taken", client_identifier=tab.signature, session=session_id)
        # Another tab may hold it by now.
        return Opened(talk, lease, secret, is_gap)

    async def end(self, identity: Identity, tab: Tab, session_id: SessionId) -> None:
        """The person is done with it: a running turn ends, and the connection does not hold it any more.

        Raises:
            RingbackError: as :meth:`held`.
        """
        talk = await self.held(identity, tab, session_id)
        await talk.close()
        self._let_go_of(tab, talk)

    async def awake(
        self, identity: Identity, signature: ConnectionSignature, session_id: SessionId
    ) -> Conversation | None:
        """The conversation as :meth:`held` would give it, if it is in memory, or coming; none is made or woken."""
        key = SessionKey(identity, session_id)
        while (coming := self._ending.get(identity) or self._opening.get(key)) is not None:
            await asyncio.wait({coming})
        talk = self._live.get(key)
        return talk if talk is not None and talk.holding.is_held_by(signature) else None

    def holds(self, signature: ConnectionSignature, session_id: SessionId) -> bool:
        """Whether the connection holds a conversation of that id, whosever it is."""
        return self._holdings.knows(signature, session_id)

    async def held(self, identity: Identity, tab: Tab, session_id: SessionId) -> Conversation:
        """The conversation of that id which the connection holds, as ``identity``; one that sleeps is woken.

        A connection that may act for others holds a session's id for all of them: each has an own conversation there.
        The caller uses it at once, without awaiting anything in between.

        Raises:
            SessionHeldError: if another connection holds it.
            UnknownSessionError: if it holds none; somebody else's id gets the same answer as an invented one.
            RingbackError: if the storage failed.
        """
        self._check_known(identity, tab, session_id)
        talk = await self.get_or_create(identity, session_id, tab.signature)
        if not self._holdings.knows(tab.signature, session_id):
            # The connection went, or lost the conversation, meanwhile.
            self._let_rest(talk)
            self._check_known(identity, tab, session_id)
        talk.come_back(tab, self._holdings.lease(tab.signature, talk.key))
        self._holdings.add(tab.signature, talk.key, talk.holding.lease)
        return talk

    # --- ending -------------------------------------------------------------------------------------------

    async def leave(self, signature: ConnectionSignature) -> None:
        """The connection is gone: its turns go on without it, and what needs a tab waits for the next one."""
        for key in self._holdings.drop(signature):
            talk = self._live.get(key)
            if talk is not None and talk.holding.is_held_by(signature):
                self.counts.left += 1
                talk.leave()
                self._let_rest(talk)

    async def go_on(self, keys: Iterable[SessionKey]) -> None:
        """Have the turns of those conversations go on that stopped, or whose questions are past their time.

        Raises:
            RingbackError: if the storage failed.
        """
        for key in keys:
            while self.running_turns >= AT_ONCE:
                self._rested.clear()
                await self._rested.wait()
            is_new = key not in self._live
            talk = await self.get_or_create(key.identity, key.session_id, ConnectionSignature(""))
            if is_new:
                self._left.add(talk)
            talk.go_on()

    # --- steps --------------------------------------------------------------------------------------------

    def _let_go_of(self, tab: Tab, talk: Conversation) -> None:
        self._holdings.remove(tab.signature, talk.key)
        if talk.holding.is_held_by(tab.signature):
            # Nobody took it over meanwhile.
            talk.leave()
        self._let_rest(talk)

    def _check_known(self, identity: Identity, tab: Tab, session_id: SessionId) -> None:
        if self._holdings.knows(tab.signature, session_id):
            return
        talk = self._live.get(SessionKey(identity, session_id))
        if talk is not None:
            talk.holding.check(tab, None, take_over=False)
        raise UnknownSessionError(UNKNOWN)
