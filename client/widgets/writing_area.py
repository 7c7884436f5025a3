"""Where the person writes, with the commands that fit above it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import TextArea

from client.commands import COMMANDS
from client.core.command_matching import CommandHint, completed, fitting
from client.widgets.command_hints import CommandHints
from client.widgets.composer import Composer
from shared.frames import Command


class WritingArea(Vertical):
    """``commands`` are the agent's, which stand after ours; what is written and wanted comes up from the composer."""

    def __init__(self, draft: str = "") -> None:
        super().__init__()
        self.commands: tuple[Command, ...] = ()
        self.composer = Composer(draft)
        self._offer = CommandHints()

    def compose(self) -> ComposeResult:
        """The hints, and the composer."""
        yield self._offer
        yield self.composer

    def complete(self) -> bool:
        """Complete the command that is being written as far as it is clear; whether that added anything."""
        longer = completed(self.composer.text, self._hints())
        if longer is not None:
            self.composer.complete(longer)
        return longer is not None

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Offer the commands that fit."""
        event.stop()
        self._offer.hints = self._hints()

    def _hints(self) -> tuple[CommandHint, ...]:
        ours = [CommandHint(command.name, command.summary, command.hint) for command in COMMANDS]
        agents = [CommandHint(command.name, command.description, command.hint or "") for command in self.commands]
        return fitting(self.composer.text, [*ours, *agents])
