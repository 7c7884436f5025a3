"""Where the person writes: many lines, Enter sends, history, completion of slash commands."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from client.core.composer_history import ComposerHistory
from client.widgets.keys_in_order import run_binding

SETTLING_SECONDS = 1.0


class Composer(TextArea):
    """Posts what the person wants; it knows nothing of who listens."""

    BINDING_GROUP_TITLE = "Message"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send; when empty: go to the approval"),
        Binding("ctrl+j,shift+enter,alt+enter", "newline", "New line"),
        Binding("tab", "forward", "Complete a command, or go to the approval"),
        Binding("escape", "cancel", "Cancel the answer being given"),
        Binding("up", "cursor_up", "Up; on the first line: an older message", show=False),
        Binding("down", "cursor_down", "Down; on the last line: a newer message", show=False),
    ]

    class Sent(Message):
        """The person sent ``text``."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class ForwardWanted(Message):
        """Tab, or Enter with nothing written; ``by_tab`` says which."""

        def __init__(self, *, by_tab: bool) -> None:
            super().__init__()
            self.by_tab = by_tab

    class CancelWanted(Message):
        """The person wants the running answer to end."""

    def __init__(self, draft: str = "") -> None:
        super().__init__(
            draft,
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
            placeholder="Write a message. Enter sends, Ctrl+J starts a new line, / lists commands",
        )
        self._history = ComposerHistory()

    async def _on_key(self, event: events.Key) -> None:
        if not await run_binding(self, event):
            await super()._on_key(event)

    @property
    def has_draft(self) -> bool:
        """Whether something is written that was not sent."""
        return self.text.strip() != ""

    async def settle(self) -> None:
        """Return when every key pressed so far has reached the draft, or after :data:`SETTLING_SECONDS`."""
        settled = asyncio.Event()
        self.call_later(settled.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(settled.wait(), SETTLING_SECONDS)

    def action_send(self) -> None:
        """Send what is written."""
        text = self.text.strip("\n")
        if not text.strip():
            self.post_message(self.ForwardWanted(by_tab=False))
            return
        self._history.add(text)
        self._put("")
        self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        """Start a new line here."""
        self.replace("\n", *self.selection)

    def action_forward(self) -> None:
        """Ask where Tab goes."""
        self.post_message(self.ForwardWanted(by_tab=True))

    def action_cancel(self) -> None:
        """Ask to cancel."""
        self.post_message(self.CancelWanted())

    def action_cursor_up(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 (Textual's signature)
        """Move up; from the first line on, recall older messages."""
        on_first = self.navigator.is_first_wrapped_line(self.selection.end)
        if not select and on_first and (older := self._history.older(self.text)) is not None:
            self._put(older)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 (Textual's signature)
        """Move down; from the last line on, recall newer messages and at last the draft."""
        on_last = self.navigator.is_last_wrapped_line(self.selection.end)
        if not select and on_last and (newer := self._history.newer()) is not None:
            self._put(newer)
        else:
            super().action_cursor_down(select)

    def complete(self, text: str) -> None:
        """Put ``text`` in place of what is written."""
        self._put(text)

    def _put(self, text: str) -> None:
        self.load_text(text)
        self.move_cursor(self.document.end)
