"""A tool call in the transcript: one line that opens to show its arguments and its result in full."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive

from client.core.argument_text import one_line, shown_arguments
from client.core.transcript_entries import CallState, ToolCard
from client.core.visible_text import visible
from client.widgets.entry_view import EntryView
from shared.json_types import JsonObject

_LOOKS: dict[CallState, tuple[str, str]] = {
    CallState.PENDING: ("○", "$foreground-muted"),
    CallState.ASKING: ("!", "bold $warning"),
    CallState.RUNNING: ("◌", "$primary"),
    CallState.DONE: ("✓", "$success"),
    CallState.FAILED: ("\N{MULTIPLICATION SIGN}", "$error"),
    CallState.REJECTED: ("⊘", "$error"),
}
_QUIET = "$foreground-muted"
_PREVIEW_CHARACTERS = 64


class ToolCardView(EntryView[ToolCard], can_focus=True):
    """One tool call: title, name, arguments, state, decision, result."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "toggle_open", "Open or close this tool card", show=False),
    ]

    is_open: reactive[bool] = reactive(default=False)

    def show(self, entry: ToolCard) -> None:
        """Show the call as it is now."""
        self.entry = entry
        self.update(self._content())

    def action_toggle_open(self) -> None:
        """Open the card, or close it."""
        self.is_open = not self.is_open

    def on_click(self) -> None:
        """A click opens and closes."""
        self.action_toggle_open()

    def watch_is_open(self) -> None:
        """Draw again."""
        if self.is_mounted:
            self.update(self._content())

    def _content(self) -> Content:
        entry = self.entry
        sign, style = _LOOKS[entry.state]
        where = " on this device" if entry.runs_here and entry.state is CallState.RUNNING else ""
        head = Content.assemble(
            (f"{'▾' if self.is_open else '▸'} ", _QUIET),
            (f"{sign} ", style),
            (visible(entry.title, keep=""), "bold"),
            (f"  {visible(entry.name, keep='')}", _QUIET),
            (f"  {entry.state.value}{where}", style),
        )
        lines = [head]
        if not self.is_open and entry.arguments:
            lines.append(Content.styled(f"  {one_line(entry.arguments, _PREVIEW_CHARACTERS)}", _QUIET))
        if entry.decision is not None:
            lines.append(Content.styled(f"  {visible(entry.decision, keep='')}", "italic"))
        if self.is_open:
            lines += _described("Arguments", entry.arguments)
            lines += _described("Result", entry.result or {})
        elif entry.state is CallState.FAILED and entry.result and isinstance(error := entry.result.get("error"), str):
            lines.append(Content.styled(f"  {visible(error, keep='')}", "$text-error"))
        return Content("\n").join(lines)


def _described(title: str, values: JsonObject) -> list[Content]:
    lines = [Content.styled(f"  {title}{'' if values else ': none'}", _QUIET)]
    for shown in shown_arguments(values):
        name = Content.styled(f"    {shown.name}  ", _QUIET)
        if shown.is_block:
            lines.append(name)
            lines += [Content(f"    │ {line}") for line in shown.text.split("\n")]
        else:
            lines.append(Content.assemble(name, shown.text))
    return lines
