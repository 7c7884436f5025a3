"""The link of one tab: finds the server, takes up its conversation, and comes back when the connection is lost.

::

    run ─► find the server ─► connect ─► take up ─┬─► holds it ── lost ─────────┐
             ▲    │ cannot: failed                │     │ moved   ▲ taken over   │ close: end
             │    ▼                               │     ▼         │              │
             │  wait a little, longer each time   └─► held by another ── lost ──►│
             └───────────────────────────────────────────────────────────────────┘

What the person says is kept until the server acknowledges it, and sent again under its id until then. At a server that
keeps no conversation beyond its connection, what was sent and never acknowledged is reported and not repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from client.core.device_presets import announced
from client.link.backoff import delay
from client.link.endpoint import Endpoint
from client.link.handing_over import HandingOver
from client.link.holding import ASKED_AGAIN, Holding
from client.link.loader import load_wire
from client.link.personal_data import PersonalDataOverWire
from client.link.place import Place
from client.link.taking_up import take_up
from client.link.wire import Introduction, Wire
from client.ports import ConnectedDevice, HandoffCode, Resumed, Start, TabEvents
from client.tools.toolkit import Toolkit
from shared.errors import LinkLostError, RingbackError, SessionHeldError
from shared.frames import ApprovalAnswered, Device
from shared.ids import ConnectionSignature, MessageId

logger = logging.getLogger(__name__)

ANNOUNCED_ANEW = "This device began a new journal of what runs here, and connects again with it."

HALF_OPEN_SECONDS = 5.0
"""How long to wait before asking again for what this very device seems to hold."""
HALF_OPEN_TRIES = 4
"""How often: a server notices within 15 seconds that a connection is dead."""


class TabLink:
    """Implements ``client.ports.TabLink``."""

    def __init__(
        self,
        *,
        device: Device,
        events: TabEvents,
        toolkit: Toolkit,
        folder: Path,
        find_server: Callable[[], Awaitable[Endpoint]],
        start: Start | None = None,
    ) -> None:
        """``folder`` is the session's working folder; ``find_server`` may raise ``RingbackError`` to end it all."""
        self._events = events
        self._device = device
        self._toolkit = toolkit
        self._folder = folder.absolute()
        self._own_ids: set[str] = set()
        self._find_server = find_server
        self._holding = Holding(events, toolkit, _place_of(start) if isinstance(start, Resumed) else None)
        self._code = start if isinstance(start, HandoffCode) else None
        self._wire: Wire | None = None
        self._wants_it = asyncio.Event()
        self._tries = 0
        self._life: asyncio.Task[None] | None = None
        self._is_closed = False
        self.personal = PersonalDataOverWire(lambda: self._wire)
        self._handing = HandingOver(lambda: self._wire, self._held_place)

    # --- the tab's side -----------------------------------------------------------------------------------

    @property
    def resumable(self) -> Resumed | None:
        """What a link must be made with to go on from here; ``None`` while there is nothing to go on with."""
        return self._holding.resumable

    async def run(self) -> None:
        """Connect (starting the server if needed), stay, reconnect; ends after :meth:`close`."""
        if self._is_closed:
            return
        self._life = asyncio.create_task(self._live())
        try:
            await self._life
        except asyncio.CancelledError:
            if not self._is_closed:
                raise

    def say(self, message_id: MessageId, text: str, *, is_repeat: bool = False) -> None:
        """Send a message; it is kept until it was taken. Its acknowledgement and its turn's end arrive as updates."""
        self._holding.mail.say(message_id, text, is_repeat=is_repeat)

    def cancel(self) -> None:
        """Cancel the running turn, and what waits to be sent."""
        self._holding.mail.cancel()
        self._toolkit.stop("The user cancelled the turn, so the command was ended with everything it had begun.")
        if self._wire is not None and not self._wire.is_ringback:
            # ACP wants open questions to be answered as cancelled; a server of ours takes them back itself.
            self._holding.withdraw_all("You cancelled the turn.")

    def answer(self, answer: ApprovalAnswered) -> None:
        """Give the person's choice to the question of ``answer.call_id``; one that no longer counts is ignored."""
        self._holding.questions.answer(answer)

    def take_over(self) -> None:
        """Take the conversation from whoever holds it."""
        if self._holding.is_held:
            self._wants_it.set()

    async def handoff(self, to: ConnectionSignature | None = None) -> tuple[str, float]:
        """A code that lets another tab take the conversation, once, and how long it counts, in seconds."""
        return await self._handing.handoff(to)

    async def devices(self) -> list[ConnectedDevice]:
        """The person's tabs that are connected."""
        return await self._handing.devices()

    async def close(self) -> None:
        """End the connection and :meth:`run`."""
        self._is_closed = True
        self._toolkit.stop("The tab was closed, so the command was ended with everything it had begun.")
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait({self._life})

    # --- its life -----------------------------------------------------------------------------------------

    async def _live(self) -> None:
        attempt, reason = 1, ""
        # Ending a connection can swallow the cancellation that ends this.
        while not self._is_closed:
            self._events.connecting(attempt, reason)
            try:
                reason = await self._stay(await self._connect())
                attempt = 1
            except LinkLostError as error:
                attempt, reason = attempt + 1, str(error)
            except RingbackError as error:
                logger.warning("the link gave up: %s", error)
                self._events.failed(str(error))
                return
            if not self._is_closed:
                await asyncio.sleep(delay(attempt))

    async def _connect(self) -> Wire:
        # At once: the server starts in a process of its own while the wire protocol loads in this one.
        endpoint, open_wire, journal_id = await asyncio.gather(
            self._find_server(), load_wire(), self._toolkit.announce()
        )
        device = announced(self._device, journal_id)
        self._own_ids.add(device.id)
        return await open_wire(endpoint, Introduction(device, self._toolkit.specs, self._folder), self._holding)

    async def _stay(self, wire: Wire) -> str:
        lost = asyncio.create_task(self._wait_over(wire))
        try:
            self._wire, self._tries = wire, 0
            await self._open(wire)
            while not await self._is_lost(lost):
                await self._open(wire)
            reason = lost.result()
            self._holding.withdraw_all(ASKED_AGAIN if self._holding.is_resumable else reason)
        finally:
            self._wire = None
            lost.cancel()
            self._holding.mail.disconnect()
            await wire.close()
        self._holding.break_off(reason)
        return reason

    async def _wait_over(self, wire: Wire) -> str:
        """Returns once the connection is gone or is to be ended; the result is a sentence."""
        lost = asyncio.create_task(wire.wait_lost())
        outdated = asyncio.create_task(self._toolkit.is_outdated.wait())
        try:
            await asyncio.wait({lost, outdated}, return_when=asyncio.FIRST_COMPLETED)
            return lost.result() if lost.done() else ANNOUNCED_ANEW
        finally:
            lost.cancel()
            outdated.cancel()

    async def _is_lost(self, lost: asyncio.Task[str]) -> bool:
        # Returns when the connection is gone, or when the conversation is to be asked for again.
        wanted = asyncio.create_task(self._wants_it.wait())
        try:
            seconds = HALF_OPEN_SECONDS if self._tries else None
            await asyncio.wait({lost, wanted}, return_when=asyncio.FIRST_COMPLETED, timeout=seconds)
        finally:
            wanted.cancel()
        return lost.done()

    async def _open(self, wire: Wire) -> None:
        if self._holding.place is not None:
            self._events.resuming()
        try:
            start = self._code or self._holding.place
            taken = await take_up(wire, start, take_over=self._wants_it.is_set())
        except SessionHeldError as error:
            # It may be this tab's own connection from before, which the server believes to be alive.
            is_own = error.holder.id in self._own_ids and self._tries < HALF_OPEN_TRIES
            self._tries = self._tries + 1 if is_own else 0
            wire.listen(None)
            self._holding.moved(error.holder)
        else:
            self._code, self._tries = None, 0
            self._holding.take(taken, wire)
        self._wants_it.clear()

    def _held_place(self) -> Place | None:
        return None if self._holding.is_held else self._holding.place


def _place_of(start: Resumed) -> Place:
    return Place(start.session_id, start.last_seq, start.lease_secret, is_used=True)
