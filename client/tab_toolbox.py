"""What the tools of one tab's device do to the screen."""

from __future__ import annotations

from textual.app import App

from client.core.visible_text import visible
from client.settings import foreign_environment
from client.tools.browser import open_page
from client.widgets.chat_tab import ChatTab

HIDES_SOMETHING = "What was just copied holds characters that cannot be seen. Look before you paste it into a shell."


class TabToolbox:
    """Implements :class:`client.ports.Toolbox` for one tab."""

    def __init__(self, app: App[None], chat: ChatTab) -> None:
        self._app = app
        self._chat = chat

    def copy_to_clipboard(self, text: str) -> None:
        """Put ``text`` on the terminal's clipboard (OSC 52), as it is; what cannot be seen in it is told."""
        self._app.copy_to_clipboard(text)
        if visible(text) != text:
            self._app.notify(HIDES_SOMETHING, title=self._heading, severity="warning", markup=False)

    def show_notice(self, message: str, title: str | None) -> None:
        """Show a notice that says which device it is from."""
        self._app.notify(message, title=title or self._heading, markup=False)

    @property
    def _heading(self) -> str:
        return f"Notice on {self._chat.device.label}"

    def show_track(self, track: str) -> None:
        """Keep the track in the tab's status line."""
        self._chat.show_track(track)

    async def open_url(self, url: str) -> None:
        """Open it in the browser that the screen is in, or in the one of this machine."""
        if self._app.is_web:
            self._app.open_url(url)
        else:
            await open_page(url, foreign_environment())
