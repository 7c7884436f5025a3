"""Where in a scrolling view a person is, also while it is hidden, and the way back there in another program."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import VerticalScroll

TRY_SECONDS = 0.05


class ScrollPlace:
    """Of ``view``; ``is_drawn`` says whether everything that is to be in it is there."""

    def __init__(self, view: VerticalScroll, is_drawn: Callable[[], bool]) -> None:
        self._view = view
        self._is_drawn = is_drawn
        self._is_shown = False
        self._wanted: int | None = None
        self._left_at = 0
        self._height: int | None = None

    @property
    def rows_below(self) -> int:
        """How many rows are below the screen; 0 at the end, to which the view then keeps."""
        if self._wanted is not None:
            return self._wanted
        if not self._is_shown:
            return self._left_at
        view = self._view
        # What does not fill the view hangs at its lower edge, scrolled to a place below zero: that is the end too.
        is_end = view.max_scroll_y == 0 or view.is_vertical_scroll_end
        return 0 if is_end else max(0, round(view.max_scroll_y - view.scroll_y))

    def hide(self) -> None:
        """The view is hidden now."""
        self._left_at = self.rows_below
        self._is_shown = False

    def show(self) -> None:
        """The view is on the screen; go where it was wanted."""
        self._is_shown = True
        self._go_when_drawn()

    def want(self, rows_below: int) -> None:
        """Go there once the view is shown and drawn."""
        self._wanted = rows_below or None
        self._go_when_drawn()

    def forget(self) -> None:
        """The person wants to be somewhere else."""
        self._wanted = None

    def _go_when_drawn(self) -> None:
        if self._wanted is not None and self._is_shown and self._view.is_attached:
            self._view.call_after_refresh(self._go)

    def _go(self) -> None:
        if self._wanted is None or not self._is_shown:
            return
        height, self._height = self._height, self._view.virtual_size.height
        # What was mounted last gets its height a moment later; scrolling before that would hold the view there.
        if not self._is_drawn() or height != self._height:
            self._view.set_timer(TRY_SECONDS, self._go_when_drawn)
            return
        wanted, self._wanted = self._wanted, None
        if self._view.max_scroll_y > 0:
            self._view.scroll_to(y=max(0, self._view.max_scroll_y - wanted), animate=False, immediate=True)
