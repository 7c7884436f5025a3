"""The lower part of a tab: the todos, the question that waits, and where the person writes; it shares the room."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive

from client.clocks import Clocks
from client.widgets.approval_panel import ApprovalPanel
from client.widgets.composer import Composer
from client.widgets.held_line import HeldLine
from client.widgets.todo_list import TodoList
from client.widgets.writing_area import WritingArea
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Choice
from shared.ids import ConnectionSignature
from shared.todos import Todo


class TabFoot(Vertical):
    """What waits for the person comes before the todos, and the composer is always there.

    The focus goes from one part to another here, and only because the person did something, or because what had it
    is gone.
    """

    class TranscriptWanted(Message):
        """The person wants to leave the foot, upwards."""

    holder: reactive[str | None] = reactive(default=None, init=False)
    """The device that holds the conversation, if it is another one."""

    def __init__(self, device_label: str, clocks: Clocks, draft: str = "") -> None:
        super().__init__()
        self.todo_list = TodoList()
        self.panel = ApprovalPanel(device_label, clocks)
        self.held_line = HeldLine()
        self.writing = WritingArea(draft)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.todo_list
        yield self.panel
        yield self.held_line
        yield self.writing

    def on_mount(self) -> None:
        """The height is known."""
        self.fit(self.app.size.height)

    def watch_holder(self, holder: str | None) -> None:
        """Say who holds it."""
        self.held_line.holder = holder
        self._arrange()

    # --- what the tab tells -------------------------------------------------------------------------------

    def ask(self, approval: ApprovalAsked) -> None:
        """A question came."""
        self.panel.ask(approval)
        self._arrange()

    def withdraw(self, withdrawal: ApprovalWithdrawn) -> bool:
        """A question no longer counts; whether it waited here."""
        waited = self.panel.withdraw(withdrawal)
        self._arrange()
        return waited

    def withdraw_all(self) -> tuple[ApprovalAsked, ...]:
        """No question counts any more; the ones that waited."""
        dropped = self.panel.withdraw_all()
        self._arrange()
        return dropped

    def decide(
        self,
        approval: ApprovalAsked,
        choice: Choice | None,
        *,
        reason: str = "",
        device: ConnectionSignature | None = None,
    ) -> ApprovalAnswered | None:
        """The person decided about that question; ``None`` if it counts no longer."""
        answer = self.panel.queue.decide(approval, choice, reason=reason, device=device)
        self.panel.redraw()
        self._arrange()
        return answer

    def plan(self, todos: tuple[Todo, ...]) -> None:
        """The agent's todos are these now."""
        self.todo_list.todos = todos
        self._arrange()

    def toggle_todos(self) -> None:
        """Unfold the todos, or fold them."""
        self.todo_list.is_unfolded = not self.todo_list.is_unfolded
        self._arrange()

    def fit(self, rows: int) -> None:
        """The screen has so many rows now."""
        self.panel.fit(rows)
        self.todo_list.rows = rows
        self._arrange()

    def focus_composer(self) -> None:
        """Put the cursor where the person writes, at once: the next key must land there."""
        self.screen.set_focus(self.writing.composer, scroll_visible=False)

    # --- what the person does -----------------------------------------------------------------------------

    def on_composer_forward_wanted(self, event: Composer.ForwardWanted) -> None:
        """To the approval if one waits; else Tab completes a command or goes to the transcript."""
        event.stop()
        if self.panel.queue.shown is not None:
            self.panel.focus(scroll_visible=False)
        elif self.holder is not None and (not event.by_tab or not self.writing.complete()):
            self.held_line.focus(scroll_visible=False)
        elif event.by_tab and not self.writing.complete():
            self.post_message(self.TranscriptWanted())

    @on(TodoList.Typed)
    @on(ApprovalPanel.Typed)
    @on(HeldLine.Typed)
    def _type(self, event: TodoList.Typed | ApprovalPanel.Typed | HeldLine.Typed) -> None:
        """What is typed elsewhere is typed in the draft."""
        event.stop()
        self.type(event.character)

    def type(self, character: str) -> None:
        """Type in the draft."""
        self.focus_composer()
        self.writing.composer.insert(character)

    def on_todo_list_toggle_wanted(self, event: TodoList.ToggleWanted) -> None:
        """A click or a key in the list."""
        event.stop()
        self.toggle_todos()

    def on_approval_panel_answered(self) -> None:
        """On its way to the tab: the next question, or back to the draft."""
        self._arrange()

    def on_approval_panel_left(self, event: ApprovalPanel.Left) -> None:
        """Back to the draft."""
        event.stop()
        self.focus_composer()

    # --- steps --------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        is_asking = self.panel.queue.shown is not None
        self.todo_list.is_asking = is_asking
        is_lost = (not is_asking and self.panel.has_focus) or (self.holder is None and self.held_line.has_focus)
        if is_lost or (self.todo_list.holds_focus and not self.todo_list.is_open):
            self.focus_composer()
