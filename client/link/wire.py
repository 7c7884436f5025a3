"""What a tab's link needs of the wire protocol, whichever it is; nothing heavy is loaded here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from client.link.endpoint import Endpoint
from client.link.place import Place
from client.ports import Welcome
from shared.errors import RingbackError
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Device, StopReason, ToolCalled, Update
from shared.ids import MessageId
from shared.json_types import JsonObject, JsonValue
from shared.news import News
from shared.tool_spec import ToolSpec


class NotLetInError(RingbackError):
    """The server refuses this client: trying again would change nothing. The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a connection says about itself. ``folder`` is the absolute working folder of its session."""

    device: Device
    tools: Sequence[ToolSpec]
    folder: Path


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation that this connection holds now. ``lease_secret`` takes it back; ``None``: nothing does.

    ``is_complete`` says that what came after the place asked for follows; else it is all to be loaded anew.
    """

    welcome: Welcome
    lease_secret: str | None = field(default=None, repr=False)
    is_complete: bool = True


class Listener(Protocol):
    """What the wire tells and asks, in the order of the frames."""

    def heard(self, update: Update) -> None:
        """The next update of the session; repeats do not get here."""

    def heard_news(self, news: News) -> None:
        """Something beside the session's updates. After a reset those are numbered from 1 again."""

    def asked(self, approval: ApprovalAsked, answer: asyncio.Future[ApprovalAnswered | None]) -> None:
        """``answer`` is to become the person's answer, or ``None`` if the question is closed without one."""

    def withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""

    def moved(self, holder: Device) -> None:
        """The conversation is with ``holder`` now: nothing more of it comes on this connection."""

    def skipped(self) -> None:
        """An update is missing: the connection is being ended, and nothing more is told."""

    def missed(self, first: int, last: int) -> None:
        """The updates of these numbers cannot be had, however often they are asked for."""

    async def called(self, call: ToolCalled) -> JsonObject:
        """Run a tool of this device and return its dict.

        Raises:
            BadRequestError: if the device does not offer it.
        """


class Wire(Protocol):
    """One connection, and the conversation it holds. Nothing of that is told before :meth:`listen`.

    The four requests for a conversation raise ``ProtocolError`` if the server refuses, with its code and sentence, and
    ``LinkLostError`` if the connection ends first or the server stays silent.
    """

    @property
    def is_ringback(self) -> bool:
        """Whether the server knows our additions: it acknowledges messages and tells when turns end."""

    async def begin(self) -> Opened:
        """A new conversation."""

    async def resume(self, place: Place, *, take_over: bool = False) -> Opened:
        """Go on with a conversation behind ``place``, if need be by taking it from whoever holds it.

        Raises:
            SessionHeldError: if another connection holds it.
            UnknownSessionError: if there is no such conversation.
        """

    async def load(self, place: Place) -> Opened:
        """All of the conversation from its beginning.

        Raises:
            SessionHeldError: if another connection holds it.
            UnknownSessionError: if there is no such conversation.
        """

    async def redeem(self, code: str) -> Opened:
        """The conversation that a handoff code stands for."""

    def listen(self, place: Place | None) -> None:
        """Begin to tell what comes behind ``place``, which moves on with it; what came before is told first.

        ``None``: this connection holds no conversation, and only news are told.
        """

    async def prompt(self, message_id: MessageId, text: str) -> StopReason:
        """Say something and wait until its turn is over.

        Raises:
            SessionHeldError: if another connection holds the conversation.
            ProtocolError: if the server answers with an error; it has the server's code and sentence.
            LinkLostError: if the connection ends first.
        """

    async def cancel(self) -> None:
        """Ask for the running turn to end. Does nothing on a connection that is gone."""

    async def request(self, method: str, params: JsonObject) -> JsonValue:
        """Ask for one of our additions to ACP, named without its underscore; the answer as it came.

        Raises:
            ProtocolError: if the server answers with an error; it has the server's code and sentence.
            LinkLostError: if the connection ends first.
        """

    async def wait_lost(self) -> str:
        """Returns once the connection is gone and all it brought has been told; the result is a sentence."""

    async def close(self) -> None:
        """End the connection."""


class OpenWire(Protocol):
    """Connects and introduces this client."""

    async def __call__(self, endpoint: Endpoint, introduction: Introduction, listener: Listener) -> Wire:
        """A connection without a conversation.

        Raises:
            NotLetInError: if the server refuses this client.
            LinkLostError: if it cannot be reached now; trying again may help.
        """
        ...
