"""The conversations in memory: made, found by person and session id, put to sleep when idle, ended for a reset."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from weakref import WeakSet

from server.context import SessionContext
from server.conversations.closing import each_within
from server.conversations.conversation import Conversation
from server.conversations.remembering import awakened
from server.conversations.services import Services
from server.conversations.session_counts import SessionCounts
from server.core.identity import Identity
from server.core.records import Recalled
from server.core.remembered import Remembered
from server.core.session_key import SessionKey
from server.log import say
from server.metrics.measures import Timing
from shared.errors import SessionBusyError
from shared.ids import ConnectionSignature, SessionId

logger = logging.getLogger(__name__)

PATIENCE = 10.0
"""How long it may take to end all turns of a person, in seconds."""


class LiveConversations:
    """Owns the conversations. Nobody else keeps one: they are asked for by every message."""

    def __init__(
        self,
        services: Services,
        *,
        idle_time: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``idle_time`` is how long a conversation stays in memory without being used, in seconds."""
        self.counts = SessionCounts()
        self._services = services
        self._idle_time = idle_time
        self._monotonic = monotonic
        self._live: dict[SessionKey, Conversation] = {}
        self._opening: dict[SessionKey, asyncio.Task[None]] = {}
        self._left: set[Conversation] = set()
        self._rested = asyncio.Event()
        self._ending: dict[Identity, asyncio.Future[None]] = {}
        self._made: WeakSet[Conversation] = WeakSet()

    @property
    def live(self) -> tuple[Conversation, ...]:
        """The conversations in memory."""
        return tuple(self._live.values())

    @property
    def running_turns(self) -> int:
        """How many conversations have a turn that runs or waits, those without a tab included."""
        return sum(talk.is_running for talk in self._live.values())

    @property
    def leaked(self) -> int:
        """How many conversations are in memory that should not be; right after a garbage collection, 0."""
        return len(self._made) - len(self._live)

    async def get_or_create(
        self, identity: Identity, session_id: SessionId, client_identifier: ConnectionSignature
    ) -> Conversation:
        """The conversation: the same object for all who ask, and a new one only if there is none in memory.

        ``client_identifier`` is the holder's, for a new one. One that was stored comes back as it was.

        Raises:
            RingbackError: if the storage failed.
        """
        key = SessionKey(identity, session_id)
        is_first = False
        while True:
            talk = self._live.get(key)
            if identity in self._ending:
                await asyncio.shield(self._ending[identity])
            elif talk is not None:
                self.counts.reused += not is_first
                talk.context.update_activity()
                return talk
            else:
                is_first = key not in self._opening
                await asyncio.shield(self._opened(key, client_identifier))

    async def cleanup_inactive(self) -> int:
        """Store and let go of what was not used for the idle time and has no turn running; how many.

        The next message brings such a conversation back.
        """
        cleaned = 0
        for key, talk in list(self._live.items()):
            if not talk.may_sleep() or talk.context.idle_for(self._monotonic()) < self._idle_time:
                continue
            used_at = talk.context.active_at
            try:
                await talk.keeping.save()
            except Exception:
                # Of whatever kind: the others go on.
                logger.exception("the conversation %s could not be stored and stays in memory", key.session_id)
                continue
            # Storing took a moment: only if nobody came meanwhile, and only this very object.
            if self._live.get(key) is talk and talk.may_sleep() and talk.context.active_at == used_at:
                self._forget(key, talk)
                self.counts.cleaned += 1
                cleaned += 1
                say(logger, "conversation_sleeps", session=key.session_id)
        return cleaned

    @asynccontextmanager
    async def ended(self, identity: Identity) -> AsyncIterator[None]:
        """End all conversations of a person and, for the block, let none begin: messages that come meanwhile wait.

        Raises:
            SessionBusyError: if a running turn did not end in time.
        """
        while (other := self._ending.get(identity)) is not None:
            await asyncio.shield(other)
        done = self._ending[identity] = asyncio.get_running_loop().create_future()
        try:
            await self._let_go(identity)
            yield
            self.counts.reset += 1
        finally:
            del self._ending[identity]
            done.set_result(None)

    async def close(self, grace: float) -> None:
        """Stop all turns, to go on when the server is back; tools that run may end first, within ``grace`` seconds."""
        late = await each_within(grace, (talk.suspend() for talk in self._live.values()))
        if late:
            logger.warning("%s turns did not stop within %s seconds", late, grace)

    # --- steps --------------------------------------------------------------------------------------------

    def _opened(self, key: SessionKey, client_identifier: ConnectionSignature) -> asyncio.Task[None]:
        opening = self._opening.get(key)
        if opening is None:
            opening = self._opening[key] = asyncio.create_task(self._open(key, client_identifier))
            opening.add_done_callback(lambda _: self._opening.pop(key, None))
        return opening

    async def _open(self, key: SessionKey, client_identifier: ConnectionSignature) -> None:
        stores = await self._services.stores.get()
        turns = await stores.ledger.recall(key)
        remembered = await stores.conversations.load(key.identity, key.session_id)
        if remembered is None:
            self.counts.opened += 1
            self._make(key, SessionContext(key.identity, key.session_id, client_identifier))
        else:
            self.counts.reloaded += 1
            self._make(key, awakened(key.identity, key.session_id, remembered), remembered, turns)

    def _make(
        self,
        key: SessionKey,
        context: SessionContext,
        remembered: Remembered | None = None,
        turns: Recalled | None = None,
    ) -> Conversation:
        talk = Conversation(context, self._services, remembered, turns, on_rest=self._rest)
        self._live[key] = talk
        self._made.add(talk)
        return talk

    async def _let_go(self, identity: Identity) -> None:
        opening = [task for key, task in self._opening.items() if key.identity == identity]
        if opening:
            await asyncio.wait(opening)
        talks = {key: talk for key, talk in self._live.items() if key.identity == identity}
        if await each_within(PATIENCE, (talk.close() for talk in talks.values())):
            raise SessionBusyError("A turn of yours did not end in time, so nothing was deleted. Try again.")
        for key, talk in talks.items():
            self._forget(key, talk)

    def _let_rest(self, talk: Conversation) -> None:
        if not talk.holding.is_present:
            self._left.add(talk)
            self._rest(talk)

    def _rest(self, talk: Conversation) -> None:
        """A conversation that no connection holds any more is let go of as soon as its turn is over."""
        self._rested.set()
        if talk in self._left and talk.is_quiet:
            self._left.discard(talk)
            self._forget(talk.key, talk)

    def _forget(self, key: SessionKey, talk: Conversation) -> None:
        if self._live.get(key) is talk:
            del self._live[key]
            age = datetime.now(UTC) - talk.context.created_at
            self._services.measures.time(Timing.SESSION_AGE, age.total_seconds())
        talk.release()
