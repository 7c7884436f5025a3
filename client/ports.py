"""What the screen and the links need of each other: a tab's events, its link, and what tools may do to the screen."""

from __future__ import annotations

from typing import Protocol

from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update, Welcome
from shared.ids import MessageId


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


class TabLink(Protocol):
    """One WebSocket as a tab sees it."""

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
