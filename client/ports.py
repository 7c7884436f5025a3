"""What the screen and the links need of each other: a tab's events, its link, the person's data, the tools' screen."""

from __future__ import annotations

from typing import Protocol

from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update, Welcome
from shared.ids import MessageId
from shared.json_types import JsonObject
from shared.news import News


class TabEvents(Protocol):
    """What a link tells its tab. Called on the app's event loop; must not block."""

    def opened(self, welcome: Welcome) -> None:
        """The session is open: the tab may talk."""

    def updated(self, seq: int, update: Update) -> None:
        """The ``seq``-th update of the session, in order."""

    def lost(self, reason: str) -> None:
        """The connection ended; ``reason`` is a sentence. The link tries again by itself if it can."""

    def connecting(self, attempt: int, reason: str) -> None:
        """The link tries to connect, for the ``attempt``-th time (from 1); ``reason`` is a sentence or empty."""

    def approval_asked(self, approval: ApprovalAsked) -> None:
        """The server asks whether a tool may run in this tab."""

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

    async def reset(self) -> str:
        """Forget the person's conversations and shared state; what the server says of it."""

    async def metrics(self) -> str:
        """The server's counters in Prometheus' text format."""


class TabLink(Protocol):
    """One WebSocket as a tab sees it."""

    @property
    def personal(self) -> PersonalData:
        """What may be asked of the server beside talking; the same object, connected or not."""

    async def run(self) -> None:
        """Connect (starting the server if needed), stay, reconnect; ends after :meth:`close`."""

    def say(self, message_id: MessageId, text: str) -> None:
        """Send a message; it is kept until connected. Its acknowledgement and its turn's end arrive as updates."""

    def cancel(self) -> None:
        """Cancel the running turn."""

    def answer(self, answer: ApprovalAnswered) -> None:
        """Give the person's choice to the question of ``answer.call_id``."""

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


class OpenLink(Protocol):
    """Makes the link of one tab; it does nothing before ``run()``."""

    def __call__(self, device: Device, events: TabEvents, toolbox: Toolbox) -> TabLink:
        """A link for ``device`` that tells ``events`` what happens."""
        ...
