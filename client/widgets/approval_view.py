"""One question in full: the tool, what it can do, every argument, and the answers offered."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import ItemGrid, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from client.core.approval_words import WISHES, can_wish
from client.core.visible_text import visible
from client.widgets.argument_list import ArgumentList
from client.widgets.choice_button import LABELS, ChoiceButton
from client.widgets.wish_button import WishButton
from shared.frames import ApprovalAsked

_CHOICE_CELLS = 14
_SHORT_SCREEN = 20
FEWEST_LINES = 2


class ApprovalView(Vertical):
    """Only shows; the panel around it knows when an answer counts."""

    def __init__(self, approval: ApprovalAsked) -> None:
        super().__init__()
        self.approval = approval
        # Held, not looked up: a screen that closes removes children whose parents still get their last calls.
        self._body = VerticalScroll(id="approval-body", can_focus=False)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        name = visible(self.approval.name, keep="")
        with self._body:
            title = visible(self.approval.title, keep="")
            yield Static(Content.assemble((title, "bold"), "  ", (name, "$foreground-muted")), id="approval-title")
            yield Static(visible(self.approval.risk, keep=""), id="approval-risk", markup=False)
            yield ArgumentList(self.approval.arguments)
        question = f"Always allow {name} with exactly these arguments, in this session? A again: yes. Esc: no."
        yield Static(question, id="approval-question", markup=False)
        with ItemGrid(id="approval-choices", min_column_width=_CHOICE_CELLS):
            yield from (ChoiceButton(choice) for choice in LABELS if choice in self.approval.choices)
            yield from (WishButton(wish) for wish in WISHES if can_wish(wish, self.approval))

    def fit(self, rows: int) -> None:
        """Leave room for the rest of a screen of so many rows; what does not fit is scrolled to."""
        most = FEWEST_LINES if rows < _SHORT_SCREEN else rows // 3
        self._body.styles.max_height = most

    @property
    def has_more_below(self) -> bool:
        """Whether a part of the arguments is below the edge."""
        return self._body.max_scroll_y > self._body.scroll_target_y

    def scroll_by(self, lines: int) -> None:
        """Scroll the arguments."""
        self._body.scroll_relative(y=lines, animate=False)
