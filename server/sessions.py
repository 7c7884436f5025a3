"""The conversations of this server: opened by connections, found by them, left and closed."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

from server.context import Identity
from server.conversation import Conversation
from server.ports import Agent
from server.tab import Tab
from shared.errors import UnknownSessionError
from shared.ids import ConnectionSignature, SessionId, session_id

logger = logging.getLogger(__name__)


class Sessions:
    """Every live conversation, by the connection that holds it."""

    def __init__(self, *, agent: Agent, approval_timeout: float, call_timeout: float) -> None:
        """``approval_timeout`` is for a person to think, ``call_timeout`` for a tab's tool to run; both in seconds."""
        self._agent = agent
        self._approval_timeout = approval_timeout
        self._call_timeout = call_timeout
        self._held: dict[ConnectionSignature, dict[SessionId, Conversation]] = {}
        self._opened: defaultdict[ConnectionSignature, int] = defaultdict(int)
        self._left: set[Conversation] = set()

    @property
    def running_turns(self) -> int:
        """How many conversations have a turn that runs, those without a tab included."""
        self._forget_finished()
        held = (talk for talks in self._held.values() for talk in talks.values())
        return sum(talk.is_running for talk in held) + len(self._left)

    def open(self, identity: Identity, tab: Tab) -> Conversation:
        """Begin a conversation on the connection of ``tab``; its id is the next of that connection's."""
        self._opened[tab.signature] += 1
        talk = Conversation(
            identity=identity,
            session_id=session_id(identity.user_id, tab.signature, self._opened[tab.signature]),
            tab=tab,
            agent=self._agent,
            approval_timeout=self._approval_timeout,
            call_timeout=self._call_timeout,
        )
        self._held.setdefault(tab.signature, {})[talk.session_id] = talk
        return talk

    def get(self, tab: Tab, session_id: SessionId) -> Conversation:
        """The conversation of that id which the connection holds.

        Raises:
            UnknownSessionError: if it holds none; somebody else's id gets the same answer as an invented one.
        """
        talk = self._held.get(tab.signature, {}).get(session_id)
        if talk is None:
            raise UnknownSessionError("This connection holds no session of that id. Begin one with session/new.")
        return talk

    async def leave(self, tab: Tab) -> None:
        """The connection is gone: its waiting calls end, its turns go on to their end without it."""
        talks = self._held.pop(tab.signature, {})
        self._opened.pop(tab.signature, None)
        self._left.update(talks.values())
        for talk in talks.values():
            await talk.leave()
        self._forget_finished()

    async def close(self, grace: float) -> None:
        """End all turns, waiting at most ``grace`` seconds for them."""
        talks = [talk for talks in self._held.values() for talk in talks.values()] + list(self._left)
        if not talks:
            return
        closing = {asyncio.create_task(talk.close("The server is stopping.")) for talk in talks}
        _, late = await asyncio.wait(closing, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            logger.warning("%s turns did not end within %s seconds", len(late), grace)

    def _forget_finished(self) -> None:
        self._left = {talk for talk in self._left if talk.is_running}
