"""Sends the person's messages over whichever connection there is: each in its order, and again until it was taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from client.link.outbox import Message, Outbox, Stage
from client.link.wire import Wire
from shared.errors import LinkLostError, ProtocolError, SessionHeldError
from shared.frames import Device, Problem, StopReason, TurnEnded, Update, UserSaid
from shared.ids import MessageId

logger = logging.getLogger(__name__)

END_SECONDS = 5.0
"""How long the answer to a repeated message may be ahead of the updates that tell the same."""
MAYBE_TAKEN = (
    "The connection broke before the server confirmed this message. It may have been taken; "
    "send it again if nothing came of it."
)


class Mail:
    """What the person says is kept until it is acknowledged, and known until its turn is over."""

    def __init__(self, heard: Callable[[Update], None], refused: Callable[[Device], None]) -> None:
        """``heard`` is told what the server's sequence does not tell; ``refused`` that a device holds the talk."""
        self._heard = heard
        self._refused = refused
        self._outbox = Outbox()
        self._wire: Wire | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: dict[MessageId, asyncio.Event] = {}
        self._is_cancel_wanted = False

    @property
    def is_under_way(self) -> bool:
        """Whether a message was sent and its end is not known."""
        return self._outbox.is_under_way

    # --- what the person does -----------------------------------------------------------------------------

    def say(self, message_id: MessageId, text: str, *, is_repeat: bool = False) -> None:
        """Send a message, now or when there is a connection; ``is_repeat`` if it may have been taken already."""
        self._outbox.keep(message_id, text, Stage.UNSURE if is_repeat else Stage.KEPT)
        self._send()

    def cancel(self) -> None:
        """Drop what was never sent, and end the running turn, now or when there is a connection."""
        for message_id in self._outbox.drop_kept():
            self._heard(TurnEnded(message_id, "cancelled"))
        if self._wire is not None:
            self._own(self._wire.cancel())
        else:
            self._is_cancel_wanted = self._outbox.is_under_way

    # --- what the server tells ----------------------------------------------------------------------------

    def note(self, update: Update) -> None:
        """Learn from an update how far the messages are."""
        match update:
            case UserSaid(message_id):
                self._outbox.acknowledge(message_id)
            case TurnEnded(message_id):
                self._outbox.end(message_id)
                if message_id in self._ends:
                    self._ends[message_id].set()
            case _:
                pass

    # --- connections --------------------------------------------------------------------------------------

    def connect(self, wire: Wire) -> None:
        """``wire`` holds the conversation: send on it what was not taken, in order, and what comes."""
        self._wire = wire
        self._send()
        if self._is_cancel_wanted:
            self._is_cancel_wanted = False
            self._own(wire.cancel())

    def disconnect(self) -> None:
        """There is no connection, or it does not hold the conversation: send nothing, and believe no answer."""
        self._wire = None
        for task in self._tasks:
            task.cancel()
        self._outbox.doubt_sent()

    def give_up(self) -> None:
        """The conversation ended with its connection: say of each message what is known."""
        self._is_cancel_wanted = False
        for message in self._outbox.drop_under_way():
            if message.stage is Stage.UNSURE:
                self._heard(TurnEnded(message.message_id, "end_turn", Problem(LinkLostError.code, MAYBE_TAKEN)))

    def begin_anew(self) -> None:
        """The conversation is gone: what it had taken is gone with it, the rest is for the new one."""
        self._is_cancel_wanted = False
        self._outbox.drop_taken()

    def doubt(self) -> None:
        """The server may have forgotten what it had taken, and is about to tell what it has."""
        self._outbox.doubt_taken()

    # --- steps --------------------------------------------------------------------------------------------

    def _send(self) -> None:
        if self._wire is not None:
            for message in self._outbox.send_all():
                self._own(self._prompt(self._wire, message))

    async def _prompt(self, wire: Wire, message: Message) -> None:
        if not wire.is_ringback:
            # Nobody will confirm it: what was given to the connection is the best that can be known.
            self._heard(UserSaid(message.message_id, message.text))
        try:
            await self._end(message, await wire.prompt(message.message_id, message.text))
        except LinkLostError:
            logger.info("the connection broke while a message was under way")
        except SessionHeldError as error:
            self._refused(error.holder)
        except ProtocolError as error:
            await self._end(message, "end_turn", Problem(error.code, str(error)))

    async def _end(self, message: Message, stop_reason: StopReason, problem: Problem | None = None) -> None:
        # A server of ours tells the end as part of the sequence, and that is the one that counts. It has done so
        # already, unless the message was a repeat: then what is told again may be behind this answer.
        message_id = message.message_id
        if message.is_repeat and message_id in self._outbox:
            await self._wait_for_end(message_id)
        if message_id in self._outbox:
            self._heard(TurnEnded(message_id, stop_reason, problem))

    async def _wait_for_end(self, message_id: MessageId) -> None:
        ended = self._ends.setdefault(message_id, asyncio.Event())
        try:
            async with asyncio.timeout(END_SECONDS):
                await ended.wait()
        except TimeoutError:
            logger.warning("the end of the turn of %s was answered and not told", message_id)
        finally:
            self._ends.pop(message_id, None)

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a bug in the link", exc_info=error)
