"""What the tools of one tab's device do to the screen."""

from __future__ import annotations

from textual.app import App

from client.core.visible_text import visible
from client.widgets.chat_tab import ChatTab


class TabToolbox:
    """Implements :class:`client.ports.Toolbox` for one tab."""

    def __init__(self, app: App[None], chat: ChatTab) -> None:
        self._app = app
        self._chat = chat

    def copy_to_clipboard(self, text: str) -> None:
        """Put ``text`` on the terminal's clipboard (OSC 52)."""
        self._app.copy_to_clipboard(text)

    def show_notice(self, message: str, title: str | None) -> None:
        """Show a notice that says which device it is from."""
        heading = title or f"Notice on {self._chat.device.label}"
        self._app.notify(visible(message), title=visible(heading, keep=""), markup=False)

    def show_track(self, track: str) -> None:
        """Keep the track in the tab's status line."""
        self._chat.show_track(track)
