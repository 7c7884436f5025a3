"""The line at the bottom: the device, the model that answers, how the line is, the track, the tokens, the main keys."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from client.core.tab_mark import LinkState, Mark
from client.core.token_text import short_tokens
from client.core.visible_text import visible

KEYS = "F1 help  ^T tab  ^Q quit"
_LINK_STYLES = {
    LinkState.CONNECTING: "$foreground-muted",
    LinkState.RESUMING: "$foreground-muted",
    LinkState.OPEN: "$success",
    LinkState.HELD: "$warning",
    LinkState.LOST: "$warning",
    LinkState.FAILED: "$error",
}
_LINK_SIGNS = {
    LinkState.CONNECTING: Mark.NOT_CONNECTED.value,
    LinkState.RESUMING: Mark.NOT_CONNECTED.value,
    LinkState.OPEN: "●",
    LinkState.HELD: Mark.NOT_CONNECTED.value,
    LinkState.LOST: Mark.NOT_CONNECTED.value,
    LinkState.FAILED: Mark.ERROR.value,
}


@dataclass(frozen=True, slots=True)
class Status:
    """What the line says. ``elsewhere`` is the number of another tab that waits for an approval, from 1.

    ``tokens`` is what the conversation used so far; ``None`` if the server does not say. ``holder`` is the device that
    holds the conversation, if it is not this tab.
    """

    device: str = ""
    model: str | None = None
    link: LinkState = LinkState.CONNECTING
    track: str | None = None
    elsewhere: int | None = None
    tokens: int | None = None
    holder: str | None = None


class StatusLine(Horizontal):
    """One row; what does not fit at the left is cut before the keys are, and a number is left out, never cut."""

    status: reactive[Status] = reactive(Status())

    def compose(self) -> ComposeResult:
        """What is, and what can be pressed."""
        yield Static(id="status-now", markup=False)
        yield Static(KEYS, id="status-keys", markup=False)

    def watch_status(self) -> None:
        """Write the line anew."""
        if self.is_mounted:
            self._write()

    def on_mount(self) -> None:
        """Write the line once its parts are there."""
        self._write()

    def on_resize(self) -> None:
        """There may be room for more now, or for less."""
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        now = self.query_one("#status-now", Static)
        line = _joined(_parts(self.status))
        if self.status.tokens is not None:
            longer = _joined([*_parts(self.status), (short_tokens(self.status.tokens), "")])
            if longer.cell_length <= now.size.width:
                line = longer
        now.update(line)


def _parts(status: Status) -> list[tuple[str, str]]:
    parts = [(visible(status.device, keep=""), "bold")]
    if status.model is not None:
        parts.append((visible(status.model, keep=""), ""))
    held = status.link is LinkState.HELD and status.holder is not None
    line = f"held by {visible(status.holder or '', keep='')}" if held else status.link.value
    parts.append((f"{_LINK_SIGNS[status.link]} {line}", _LINK_STYLES[status.link]))
    if status.track is not None:
        parts.append((f"♪ {visible(status.track, keep='')}", "$accent"))
    if status.elsewhere is not None:
        parts.insert(0, (f"! Tab {status.elsewhere} waits for you: F6", "bold $warning"))
    return parts


def _joined(parts: list[tuple[str, str]]) -> Content:
    between = Content.styled(" │ ", "$foreground-muted")
    return between.join([Content.styled(text, style) for text, style in parts])
