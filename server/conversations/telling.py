"""Tells the tab that holds a conversation its updates: each is stored first, and replayed to whoever comes later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from server.context import Told
from server.core.session_key import SessionKey
from server.ledger import Ledger
from server.tabs.seat import Seat
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, TurnEnded, Update
from shared.ids import MessageId


@dataclass(slots=True, eq=False)
class Opening:
    """How a tab comes to hold a conversation: it wants the updates above ``after`` (``None``: none) replayed.

    ``answered`` is set once its request is answered. With ``is_replayed_first`` the replay comes before that answer,
    and ``replayed`` is set when it is told. Open questions come last in any case. ``read`` is set when all that is to
    be replayed is read, or cannot be: ``failure`` says why then, and nothing is replayed.
    """

    after: int | None = None
    is_replayed_first: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    replayed: asyncio.Event = field(default_factory=asyncio.Event)
    read: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    async def until_read(self) -> None:
        """Wait until all that is to be replayed is read; raise ``failure`` if it cannot be."""
        await self.read.wait()
        if self.failure is not None:
            raise self.failure


class Telling:
    """The updates of one conversation, and those who wait for the end of a turn."""

    def __init__(self, key: SessionKey, seat: Seat) -> None:
        self._key = key
        self._seat = seat
        self._stored: asyncio.Future[None] | None = None
        self._waiting: dict[MessageId, asyncio.Future[TurnEnded]] = {}
        self._over: dict[MessageId, tuple[TurnEnded, asyncio.Future[None]]] = {}

    def put(self, ledger: Ledger, seq: int, update: Update) -> None:
        """Store the ``seq``-th update, and then tell it."""
        stored = self._stored = ledger.put_update(self._key, seq, update)
        if isinstance(update, TurnEnded):
            self._over[update.message_id] = update, stored
        self._seat.outbox.put(partial(self._send, self._seat, seq, update, stored))

    def end_of(self, message_id: MessageId) -> asyncio.Future[TurnEnded]:
        """Done once that turn is over and the tab was told everything of it."""
        return self._waiting.setdefault(message_id, asyncio.get_running_loop().create_future())

    def refuse(self, message_id: MessageId, error: Exception) -> None:
        """Whoever waits for the end of that turn gets ``error``: it was never taken."""
        waiting = self._waiting.pop(message_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
            # Seen here, in case that whoever asked is gone.
            waiting.exception()

    def move(self, seat: Seat) -> None:
        """From now on ``seat`` is told. What was on its way to the one before is in the replay."""
        self._seat = seat
        for ended, stored in self._over.values():
            # Not before it is stored, and not only when the tab before has read what comes before it.
            stored.add_done_callback(partial(self._over_once_stored, ended))

    def open(self, opening: Opening, ledger: Callable[[], Ledger], upto: int, greeting: Iterable[Update]) -> None:
        """The tab that holds it now has just come: replay what it wants up to the ``upto``-th update, and greet it."""
        outbox = self._seat.outbox
        if opening.after is None:
            opening.read.set()
        else:
            outbox.put(partial(self._replay, self._seat, opening, ledger(), upto, self._stored))
        outbox.put(partial(_set, opening.replayed))
        outbox.put(partial(_wait, opening.answered))
        for update in greeting:
            outbox.put(partial(self._seat.tab.send, self._key.session_id, None, update))

    async def room(self, give_up: asyncio.Event) -> None:
        """Wait while the tab reads too slowly, or the storage takes too long; not beyond ``give_up``."""
        await self._seat.outbox.room(give_up)

    async def flush(self, within: float | None = None) -> None:
        """Wait until all is told, at most ``within`` seconds."""
        await self._seat.outbox.flush(within)

    @property
    def is_done(self) -> bool:
        """Whether all is told."""
        return self._seat.outbox.is_empty

    async def _send(self, seat: Seat, seq: int, update: Update, stored: asyncio.Future[None]) -> None:
        try:
            await stored
            await seat.tab.send(self._key.session_id, seq, update)
        finally:
            if isinstance(update, TurnEnded):
                self.over(update)

    def over(self, ended: TurnEnded) -> None:
        """Tell whoever waits for the end of that turn."""
        self._over.pop(ended.message_id, None)
        waiting = self._waiting.pop(ended.message_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(ended)

    def _over_once_stored(self, ended: TurnEnded, _stored: asyncio.Future[None]) -> None:
        self.over(ended)

    async def _replay(
        self, seat: Seat, opening: Opening, ledger: Ledger, upto: int, stored: asyncio.Future[None] | None
    ) -> None:
        # All is read before any is told, and before the answer: that cannot be taken back.
        try:
            missed = await self._missed(ledger, opening.after or 0, upto, stored)
        except Exception as error:  # noqa: BLE001  (told to who asked)
            opening.failure = error
            return
        finally:
            opening.read.set()
        if not opening.is_replayed_first:
            await opening.answered.wait()
        for seq, update in missed:
            await seat.tab.send(self._key.session_id, seq, update)

    async def _missed(
        self, ledger: Ledger, after: int, upto: int, stored: asyncio.Future[None] | None
    ) -> list[tuple[int, Update]]:
        if stored is not None:
            await asyncio.wait({stored})
        missed: list[tuple[int, Update]] = []
        while after < upto and (page := await ledger.updates(self._key, after=after)):
            missed += [(seq, update) for seq, update in page if seq <= upto]
            after = page[-1][0]
        return missed


async def told_since(ledger: Ledger, key: SessionKey, seq: int) -> Told:
    """What was told of an answer after the ``seq``-th update, void pieces left out.

    Raises:
        StorageError: if the database failed.
    """
    said, thought = "", ""
    while page := await ledger.updates(key, after=seq):
        for _, update in page:
            match update:
                case AgentSaid(text):
                    said += text
                case AgentThought(text):
                    thought += text
                case AnswerRestarted():
                    said, thought = said[: update.said], thought[: update.thought]
                case _:
                    pass
        seq = page[-1][0]
    return Told(said, thought)


async def _set(event: asyncio.Event) -> None:
    event.set()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
