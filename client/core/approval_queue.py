"""The questions that wait in one tab: their order, which one is shown, and whether an answer counts yet.

Pure: the caller gives the time, in seconds of any one clock that only goes forward.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from client.core.approval_preview import PREVIEWED, Preview
from shared.frames import ApprovalAnswered, ApprovalAsked, Choice
from shared.ids import ConnectionSignature, ToolCallId

ARMING_SECONDS = 0.4
"""How long a question must have been on the screen before an answer counts: longer than a keystroke under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTo(ApprovalAnswered):
    """The person's choice for exactly this question: asked again, the same call is another question."""

    approval: ApprovalAsked


@dataclass(frozen=True, slots=True)
class Waiting:
    """One question, when it came, and what its tool would do here once that is known."""

    approval: ApprovalAsked
    asked_at: float
    preview: Preview | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all that a person must see of it is there."""
        return self.preview is not None or self.approval.name not in PREVIEWED

    def age(self, now: float) -> float:
        """Seconds since the question came."""
        return max(0.0, now - self.asked_at)

    def left(self, now: float) -> float:
        """Seconds until the question expires."""
        return max(0.0, self.approval.expires_in - self.age(now))


@dataclass
class ApprovalQueue:
    """Questions in the order they came. One is shown; it stays shown until it is answered, withdrawn or moved from."""

    waiting: list[Waiting] = field(default_factory=list)
    position: int = 0
    painted_at: float | None = None

    @property
    def shown(self) -> Waiting | None:
        """The question on the screen, if any waits."""
        return self.waiting[self.position] if self.waiting else None

    def ask(self, approval: ApprovalAsked, now: float) -> None:
        """Put a question at the end; one asked again takes its old place, and must be seen anew."""
        for index, waiting in enumerate(self.waiting):
            if waiting.approval.call_id == approval.call_id:
                self.waiting[index] = Waiting(approval, now)
                if index == self.position:
                    self.painted_at = None
                return
        self.waiting.append(Waiting(approval, now))

    def complete(self, approval: ApprovalAsked, preview: Preview) -> None:
        """That very question has a preview now, and must be seen anew; nothing if it waits no longer."""
        for index, waiting in enumerate(self.waiting):
            if waiting.approval is approval:
                self.waiting[index] = replace(waiting, preview=preview)
                if index == self.position:
                    self.painted_at = None

    def drop(self, call_id: ToolCallId) -> ApprovalAsked | None:
        """Take a question out, shown or not; ``None`` if it did not wait."""
        for index, waiting in enumerate(self.waiting):
            if waiting.approval.call_id == call_id:
                self._take(index)
                return waiting.approval
        return None

    def clear(self) -> tuple[ApprovalAsked, ...]:
        """Take all questions out."""
        dropped = tuple(waiting.approval for waiting in self.waiting)
        self.waiting.clear()
        self.position, self.painted_at = 0, None
        return dropped

    def move(self, step: int) -> None:
        """Show another waiting question, ``step`` places on; it goes round."""
        if len(self.waiting) > 1:
            self.position = (self.position + step) % len(self.waiting)
            self.painted_at = None

    def painted(self, call_id: ToolCallId, now: float) -> None:
        """The question of ``call_id`` is on the screen since ``now``; counts once, and only for the one shown."""
        if self.shown is not None and self.shown.approval.call_id == call_id and self.painted_at is None:
            self.painted_at = now

    def hidden(self) -> None:
        """The question shown is no longer on the screen; it must be seen anew."""
        self.painted_at = None

    def is_armed(self, now: float) -> bool:
        """Whether an answer counts: the shown question has been on the screen long enough."""
        return self.painted_at is not None and now - self.painted_at >= ARMING_SECONDS

    def answer(self, choice: Choice, now: float) -> ApprovalAnswered | None:
        """The answer to the shown question, which is then gone; ``None`` if no answer, or not this one, counts now."""
        if self.shown is None or not self.is_armed(now) or choice not in self.shown.approval.choices:
            return None
        answered = AnswerTo(self.shown.approval.call_id, choice, approval=self.shown.approval)
        self._take(self.position)
        return answered

    def decide(
        self, approval: ApprovalAsked, choice: Choice | None, *, reason: str, device: ConnectionSignature | None
    ) -> AnswerTo | None:
        """The answer to that very question, which is then gone; ``None`` if it waits no longer."""
        for index, waiting in enumerate(self.waiting):
            if waiting.approval is approval:
                self._take(index)
                return AnswerTo(approval.call_id, choice, reason=reason, device=device, approval=approval)
        return None

    def _take(self, index: int) -> None:
        del self.waiting[index]
        if index < self.position:
            self.position -= 1
        elif index == self.position:
            self.painted_at = None
            self.position = min(index, max(0, len(self.waiting) - 1))
