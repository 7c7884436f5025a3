"""What a tab's link needs of the wire protocol, whichever it is; nothing heavy is loaded here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from client.link.endpoint import Endpoint
from shared.errors import RingbackError
from shared.frames import ApprovalAsked, ApprovalWithdrawn, Choice, Device, StopReason, ToolCalled, Update, Welcome
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


class Listener(Protocol):
    """What the wire tells and asks. ``heard``, ``heard_news`` and ``withdrawn`` keep the order of the frames."""

    def heard(self, update: Update) -> None:
        """The next update of the session; repeats do not get here."""

    def heard_news(self, news: News) -> None:
        """Something beside the session's updates. After a reset those are numbered from 1 again."""

    async def asked(self, approval: ApprovalAsked) -> Choice | None:
        """The person's choice, or ``None`` if the question was closed without one."""

    def withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""

    async def called(self, call: ToolCalled) -> JsonObject:
        """Run a tool of this device and return its dict.

        Raises:
            BadRequestError: if the device does not offer it.
        """


class Wire(Protocol):
    """One open session on one connection."""

    @property
    def welcome(self) -> Welcome:
        """What the server said when the session was opened."""

    @property
    def is_ringback(self) -> bool:
        """Whether the server knows our additions: it acknowledges messages and tells when turns end."""

    def listen(self) -> None:
        """Begin to tell the listener; what came before is told first."""

    async def prompt(self, message_id: MessageId, text: str) -> StopReason:
        """Say something and wait until its turn is over.

        Raises:
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
    """Connects and opens a session."""

    async def __call__(self, endpoint: Endpoint, introduction: Introduction, listener: Listener) -> Wire:
        """The open session.

        Raises:
            NotLetInError: if the server refuses this client.
            LinkLostError: if it cannot be reached now; trying again may help.
        """
        ...
