"""One plain sentence instead of a broken screen, while the terminal is too small."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

SMALLEST = Size(40, 12)


def is_too_small(size: Size) -> bool:
    """Whether Ringback cannot be drawn in ``size``."""
    return size.width < SMALLEST.width or size.height < SMALLEST.height


class TooSmallScreen(ModalScreen[None]):
    """Covers everything; what was there comes back as it was."""

    CSS_PATH = "too_small.tcss"

    def compose(self) -> ComposeResult:
        """The sentence."""
        yield Static(id="sentence", markup=False)

    def on_resize(self) -> None:
        """Say how large the terminal is now."""
        size = self.app.size
        self.query_exactly_one("#sentence", Static).update(
            f"Ringback needs at least {SMALLEST.width}x{SMALLEST.height}; this terminal is {size.width}x{size.height}. "
            "Make it larger, nothing is lost."
        )
