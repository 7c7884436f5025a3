"""The question that waits in a tab, docked above the composer; it never takes the focus by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from client.clocks import Clocks
from client.core.approval_preview import Preview
from client.core.approval_queue import ApprovalQueue, Waiting
from client.core.approval_words import Wish, can_wish, facts, heading
from client.widgets.approval_view import ApprovalView
from client.widgets.choice_button import ChoiceButton
from client.widgets.keys_in_order import run_binding
from client.widgets.wish_button import WishButton
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Choice

_TICK_SECONDS = 1.0


class ApprovalPanel(Vertical, can_focus=True):
    """Shows one question of its queue at a time. Letters answer only here, and only once it has been seen."""

    BINDING_GROUP_TITLE = "Approval"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "choose('allow_once')", "Allow this once"),
        Binding("s", "choose('allow_tool')", "Allow this tool in this session"),
        Binding("A", "choose('allow_exact')", "Always allow exactly these arguments (asks once more)"),
        Binding("r", "choose('reject_once')", "Reject this"),
        Binding("R", "wish('reason')", "Reject this, with a reason for the agent"),
        Binding("X", "choose('reject_tool')", "Always reject this tool here"),
        Binding("d", "wish('device')", "Ask another device of yours"),
        Binding("escape", "leave", "Back to the draft"),
        Binding("left", "other(-1)", "The approval before"),
        Binding("right", "other(1)", "The next approval"),
        Binding("up", "scroll_arguments(-1)", "Scroll the arguments up"),
        Binding("down", "scroll_arguments(1)", "Scroll the arguments down"),
    ]

    is_confirming: reactive[bool] = reactive(default=False)
    is_seen: reactive[bool] = reactive(default=False)

    class Answered(Message):
        """The person decided."""

        def __init__(self, answer: ApprovalAnswered) -> None:
            super().__init__()
            self.answer = answer

    class Wished(Message):
        """The person wants something of the question before it is answered."""

        def __init__(self, wish: Wish, approval: ApprovalAsked) -> None:
            super().__init__()
            self.wish = wish
            self.approval = approval

    class Left(Message):
        """The person wants to go back to the draft."""

    class Typed(Message):
        """A printable key came after the person had left: it belongs to the draft."""

        def __init__(self, character: str) -> None:
            super().__init__()
            self.character = character

    def __init__(self, device_label: str, clocks: Clocks) -> None:
        super().__init__()
        self.queue = ApprovalQueue()
        self._device_label = device_label
        self._clocks = clocks
        self._drawn: Waiting | None = None
        self._in_full: Waiting | None = None
        self._was_left = False
        self._rows = 0

    def on_mount(self) -> None:
        """Keep the age true."""
        self.set_interval(_TICK_SECONDS, self._write_facts)

    def ask(self, approval: ApprovalAsked) -> None:
        """A question came."""
        self.queue.ask(approval, self._clocks.monotonic())
        self.redraw()

    def complete(self, approval: ApprovalAsked, preview: Preview) -> None:
        """What the tool of that question would do here is known."""
        self.queue.complete(approval, preview)
        self.redraw()

    def withdraw(self, withdrawal: ApprovalWithdrawn) -> bool:
        """A question no longer counts; whether it waited here."""
        dropped = self.queue.drop(withdrawal.call_id)
        self.redraw()
        return dropped is not None

    def withdraw_all(self) -> tuple[ApprovalAsked, ...]:
        """No question counts any more; the ones that waited."""
        dropped = self.queue.clear()
        self.redraw()
        return dropped

    def watch_is_seen(self) -> None:
        """What is not on the screen must be seen anew before an answer counts."""
        self.seen_anew()

    def seen_anew(self) -> None:
        """Something covered the screen until now."""
        self.queue.hidden()
        self._note_painting()

    def fit(self, rows: int) -> None:
        """The screen has so many rows now."""
        self._rows = rows
        for view in self.query(ApprovalView):
            view.fit(rows)

    # --- what the person does -----------------------------------------------------------------------------

    async def on_key(self, event: events.Key) -> None:
        """Letters answer only here, in order; once the person has left, they belong to the draft."""
        if self._was_left or self.queue.shown is None:
            if event.is_printable and event.character is not None:
                event.stop()
                self.post_message(self.Typed(event.character))
        else:
            await run_binding(self, event)

    def action_choose(self, choice: str) -> None:
        """Answer, if it counts now; "always exactly this" asks once more."""
        self._choose(Choice(choice))

    def action_wish(self, wish: str) -> None:
        """Ask for it, if it counts now."""
        shown = self.queue.shown
        is_late = self.is_confirming or not self.queue.is_armed(self._clocks.monotonic())
        if shown is not None and not is_late and can_wish(Wish(wish), shown.approval):
            self.post_message(self.Wished(Wish(wish), shown.approval))

    def action_leave(self) -> None:
        """Back out of the second question, or to the draft."""
        if self.is_confirming:
            self.is_confirming = False
        else:
            self._was_left = True
            self.post_message(self.Left())

    def action_other(self, step: int) -> None:
        """Show another question that waits."""
        self.queue.move(step)
        self.redraw()

    def action_scroll_arguments(self, step: int) -> None:
        """Scroll the arguments by a line."""
        for view in self._views():
            view.scroll_by(step)
        self._write_facts()

    def on_choice_button_pressed(self, event: ChoiceButton.Pressed) -> None:
        """A click answers like the letter."""
        event.stop()
        self._choose(event.choice)

    def on_wish_button_pressed(self, event: WishButton.Pressed) -> None:
        """A click does what the letter does."""
        event.stop()
        self.action_wish(event.wish)

    def _choose(self, choice: Choice) -> None:
        now = self._clocks.monotonic()
        if self.queue.shown is None or not self.queue.is_armed(now) or choice not in self.queue.shown.approval.choices:
            return
        if self.is_confirming and choice is not Choice.ALLOW_EXACT:
            return
        if choice is Choice.ALLOW_EXACT and not self.is_confirming:
            self.is_confirming = True
            return
        answer = self.queue.answer(choice, now)
        if answer is not None:
            self.redraw()
            self.post_message(self.Answered(answer))

    def watch_is_confirming(self) -> None:
        """The second question must be seen, too, before its answer counts."""
        self.set_class(self.is_confirming, "-confirming")
        self.queue.hidden()
        self._write_facts()
        self._note_painting()

    def redraw(self) -> None:
        """Show what the queue shows now."""
        shown = self.queue.shown
        self.set_class(shown is not None, "-asking")
        self.is_confirming = self.is_confirming and shown is self._drawn
        if shown is not None and shown is not self._drawn:
            self.call_next(self._draw, shown)
        self._drawn = shown
        self._write_facts()
        self._note_painting()

    async def _draw(self, shown: Waiting) -> None:
        if shown is not self._drawn:
            return
        with self.app.batch_update():
            await self.remove_children()
            await self.mount(ApprovalView(shown))
            self.fit(self._rows or self.app.size.height)
        self._in_full = shown
        self._note_painting()

    def _write_facts(self) -> None:
        shown = self.queue.shown
        if shown is None:
            return
        queue, has_more = self.queue, any(view.has_more_below for view in self._views())
        self.border_title = Content(heading(self._device_label, shown.approval, queue.position, len(queue.waiting)))
        now = self._clocks.monotonic()
        self.border_subtitle = Content(facts(shown, now, has_more=has_more, has_focus=self.has_focus))

    def _views(self) -> Iterable[ApprovalView]:
        return (view for view in self.query(ApprovalView) if view.shown is self._in_full)

    def on_focus(self) -> None:
        """Say how to go back."""
        self._was_left = False
        self._write_facts()

    def on_blur(self) -> None:
        """Leaving is also a no to the second question."""
        self.is_confirming = False
        self._write_facts()

    def _note_painting(self) -> None:
        shown = self.queue.shown
        # Nothing counts as painted before its arguments are mounted, in full, and what it would do here.
        if self.is_seen and shown is not None and shown is self._in_full and shown.is_complete:
            self.call_after_refresh(self._painted, shown)

    def _painted(self, shown: Waiting) -> None:
        self._write_facts()
        if self.is_seen and shown is self.queue.shown:
            self.queue.painted(shown.approval.call_id, self._clocks.monotonic())
