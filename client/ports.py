"""What the screen and the links need of each other: a tab's events, its link, the person's data, the tools' screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from client.core.approval_preview import Preview
from client.core.grants import HeldGrant, LoggedDecision
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Device, ModelInfo, ToolCalled, Update
from shared.ids import ConnectionSignature, MessageId, SessionId
from shared.json_types import JsonObject
from shared.news import News


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a tab knows once its session is open."""

    signature: ConnectionSignature
    session_id: SessionId
    model: ModelInfo
    server_version: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A conversation that a tab goes on with. What came after the update ``last_seq`` is told, with 0 everything.

    ``lease_secret`` takes it back from a connection of this tab's that the server believes to be alive; without one,
    the conversation ends with its connection.
    """

    session_id: SessionId
    last_seq: int = 0
    lease_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HandoffCode:
    """A conversation that another tab hands over; the code takes it once."""

    code: str = field(repr=False)


Start: TypeAlias = Resumed | HandoffCode
"""What a tab begins with, if not with a new conversation."""


@dataclass(frozen=True, slots=True)
class ConnectedDevice:
    """One of the person's tabs, as the server sees it; ``tools`` names the frontend tools it offers."""

    connection: ConnectionSignature
    device: Device
    tools: tuple[str, ...]
    is_self: bool


class TabEvents(Protocol):
    """What a link tells its tab. Called on the app's event loop; must not block."""

    def opened(self, welcome: Welcome) -> None:
        """The session is open, for the first time or again: the tab may talk."""

    def cleared(self) -> None:
        """What was told of the session is void. It is told again from its beginning, numbered from 1."""

    def session_lost(self, message: str) -> None:
        """The session is gone and another one begins; ``message`` is a sentence. Updates are numbered from 1 again."""

    def held(self, holder: Device) -> None:
        """Another connection holds the session: nothing can be said or answered here until it is taken over."""

    def interrupted(self, reason: str) -> None:
        """The connection ended; ``reason`` is a sentence. The session goes on, and is taken up again."""

    def resuming(self) -> None:
        """There is a connection, and the session is being taken up."""

    def remark(self, text: str) -> None:
        """A sentence for the person."""

    def refused(self, message: str) -> None:
        """The code that the tab began with is refused, and it has a new session instead; ``message`` is a sentence."""

    def updated(self, seq: int, update: Update) -> None:
        """The ``seq``-th update of the session, in order."""

    def lost(self, reason: str) -> None:
        """The connection ended, and the session with it; ``reason`` is a sentence. The link tries again by itself."""

    def connecting(self, attempt: int, reason: str) -> None:
        """The link tries to connect, for the ``attempt``-th time (from 1); ``reason`` is a sentence or empty."""

    def approval_asked(self, approval: ApprovalAsked) -> None:
        """The server asks whether a tool may run in this tab."""

    def approval_previewed(self, approval: ApprovalAsked, preview: Preview) -> None:
        """What the tool of that question would do on this device, as far as its arguments do not say it."""

    def approval_withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""

    def tool_called(self, call: ToolCalled) -> None:
        """A frontend tool begins to run here; for the eye only."""

    def failed(self, message: str) -> None:
        """The link cannot connect at all; ``message`` says what to do."""

    def heard_news(self, news: News) -> None:
        """Something beside the conversation. After a ``PersonReset`` updates are numbered from 1 again."""


class PersonalData(Protocol):
    """What a person may ask of a Ringback beside talking. Every wait has a limit.

    Each method raises ``ProtocolError`` if the server refuses, stays silent or is no Ringback, and its subclass
    ``LinkLostError`` if there is no connection now, with a sentence for the person.
    """

    async def list_states(self) -> tuple[str, ...]:
        """The names in the shared state, sorted."""

    async def get_state(self, key: str) -> JsonObject | None:
        """What is stored under ``key``; ``None`` if nothing is."""

    async def set_state(self, key: str, data: JsonObject) -> None:
        """Store ``data`` under ``key`` in the place of what was there."""

    async def delete_state(self, key: str) -> int:
        """Delete what is stored under ``key``; how many there were: 0 or 1."""

    async def list_grants(self) -> tuple[HeldGrant, ...]:
        """What runs without asking, oldest first."""

    async def revoke_grant(self, grant_id: str) -> int:
        """Take one back; how many there were: 1."""

    async def revoke_all_grants(self) -> int:
        """Take all back; how many there were."""

    async def grant_log(self, last: int) -> tuple[LoggedDecision, ...]:
        """The latest ``last`` entries of the audit log, oldest first."""

    async def reset(self) -> str:
        """Forget the person's conversations, shared state and grants; what the server says of it."""

    async def metrics(self) -> str:
        """The server's counters in Prometheus' text format."""


class TabLink(Protocol):
    """One WebSocket as a tab sees it."""

    @property
    def personal(self) -> PersonalData:
        """What may be asked of the server beside talking; the same object, connected or not."""

    @property
    def resumable(self) -> Resumed | None:
        """What a link must be made with to go on from here; ``None`` while there is nothing to go on with."""

    async def run(self) -> None:
        """Connect (starting the server if needed), stay, reconnect; ends after :meth:`close`."""

    def say(self, message_id: MessageId, text: str, *, is_repeat: bool = False) -> None:
        """Send a message; it is kept until connected. Its acknowledgement and its turn's end arrive as updates.

        ``is_repeat`` says that it may have been taken already, under the same id.
        """

    def cancel(self) -> None:
        """Cancel the running turn."""

    def answer(self, answer: ApprovalAnswered) -> None:
        """Give the person's choice to the question of ``answer.call_id``."""

    def take_over(self) -> None:
        """Take the session from whoever holds it; does nothing unless the tab was told that it is held."""

    async def handoff(self, to: ConnectionSignature | None = None) -> tuple[str, float]:
        """A code that lets another tab take the session, once, and how long it counts, in seconds.

        The connection ``to`` is told it at once. Raises as :class:`PersonalData` does.
        """

    async def devices(self) -> list[ConnectedDevice]:
        """The person's tabs that are connected, this one among them. Raises as :class:`PersonalData` does."""

    async def close(self) -> None:
        """End the connection and :meth:`run`."""


class Toolbox(Protocol):
    """What the tools of this device may do to the screen."""

    def copy_to_clipboard(self, text: str) -> None:
        """Put ``text`` on the person's clipboard."""

    def show_notice(self, message: str, title: str | None) -> None:
        """Show a short notice over the screen."""

    def show_track(self, track: str) -> None:
        """Keep the chosen track visible in the status line."""

    async def open_url(self, url: str) -> None:
        """Open a page in the person's browser. Raises ``RingbackError`` with a sentence if it cannot be."""


class OpenLink(Protocol):
    """Makes the link of one tab; it does nothing before ``run()``."""

    def __call__(self, device: Device, events: TabEvents, toolbox: Toolbox, start: Start | None = None) -> TabLink:
        """A link for ``device`` that tells ``events`` what happens, with a new session or the one of ``start``."""
        ...
