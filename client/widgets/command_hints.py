"""The slash commands that fit what is being written, above the composer."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from client.core.command_matching import CommandHint
from client.core.visible_text import visible

MOST = 6


class CommandHints(Static):
    """Hidden when nothing fits."""

    hints: reactive[tuple[CommandHint, ...]] = reactive(())

    def watch_hints(self, hints: tuple[CommandHint, ...]) -> None:
        """List the commands."""
        self.set_class(bool(hints), "-offering")
        lines = [
            Content.assemble(
                (f"/{visible(hint.name, keep='')}", "bold $primary"),
                (f" {visible(hint.hint, keep='')}" if hint.hint else "", "$foreground-muted"),
                f"  {visible(hint.summary, keep='')}",
            )
            for hint in hints[:MOST]
        ]
        if len(hints) > MOST:
            lines.append(Content.styled(f"and {len(hints) - MOST} more", "$foreground-muted"))
        self.update(Content("\n").join(lines))
