"""One question in full: the tool, what it can do, every argument, and the answers offered."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import ItemGrid, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from client.core.approval_preview import NOT_YET, PREVIEWED
from client.core.approval_queue import Waiting
from client.core.approval_words import WISHES, can_wish
from client.core.clipboard_preview import clipboard_preview
from client.core.visible_text import visible
from client.widgets.argument_list import ArgumentList
from client.widgets.choice_button import LABELS, ChoiceButton
from client.widgets.preview_view import PreviewView
from client.widgets.wish_button import WishButton

_CHOICE_CELLS = 14
_SHORT_SCREEN = 20
FEWEST_LINES = 2
_SHARE, _LOOKED_AT_SHARE = 1 / 3, 0.45
"""How much of the screen the arguments may take: more where there is more to look at."""


class ApprovalView(Vertical):
    """Only shows; the panel around it knows when an answer counts."""

    def __init__(self, shown: Waiting) -> None:
        super().__init__()
        self.shown = shown
        # Held, not looked up: a screen that closes removes children whose parents still get their last calls.
        self._body = VerticalScroll(id="approval-body", can_focus=False)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        approval = self.shown.approval
        preview = self.shown.preview or clipboard_preview(approval.name, approval.arguments)
        name = visible(approval.name, keep="")
        with self._body:
            title = visible(approval.title, keep="")
            yield Static(Content.assemble((title, "bold"), "  ", (name, "$foreground-muted")), id="approval-title")
            yield Static(visible(approval.risk, keep=""), id="approval-risk", markup=False)
            if preview is None:
                if not self.shown.is_complete:
                    yield Static(NOT_YET, classes="none", markup=False)
                yield ArgumentList(approval.arguments)
            else:
                yield PreviewView(preview, approval.arguments)
        scope = "on this device, in all your conversations in this folder"
        question = f"Always allow {name} with exactly these arguments, {scope}? A again: yes. Esc: no."
        yield Static(question, id="approval-question", markup=False)
        with ItemGrid(id="approval-choices", min_column_width=_CHOICE_CELLS):
            yield from (ChoiceButton(choice) for choice in LABELS if choice in approval.choices)
            yield from (WishButton(wish) for wish in WISHES if can_wish(wish, approval))

    def fit(self, rows: int) -> None:
        """Leave room for the rest of a screen of so many rows; what does not fit is scrolled to."""
        share = _LOOKED_AT_SHARE if self.shown.approval.name in PREVIEWED else _SHARE
        most = FEWEST_LINES if rows < _SHORT_SCREEN else int(rows * share)
        self._body.styles.max_height = most

    @property
    def has_more_below(self) -> bool:
        """Whether a part of the arguments is below the edge."""
        return self._body.max_scroll_y > self._body.scroll_target_y

    def scroll_by(self, lines: int) -> None:
        """Scroll the arguments."""
        self._body.scroll_relative(y=lines, animate=False)
