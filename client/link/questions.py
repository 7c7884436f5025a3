"""The questions of the server that wait in one tab: each is answered once, or taken back."""

from __future__ import annotations

import asyncio
import logging

from client.core.approval_queue import AnswerTo
from shared.frames import ApprovalAnswered, ApprovalAsked
from shared.ids import ToolCallId

logger = logging.getLogger(__name__)


class Questions:
    """One answer for each question; one that is asked again is another question."""

    def __init__(self) -> None:
        self._open: dict[ToolCallId, tuple[ApprovalAsked, asyncio.Future[ApprovalAnswered | None]]] = {}

    def open(self, approval: ApprovalAsked, answer: asyncio.Future[ApprovalAnswered | None]) -> None:
        """A question was asked; ``answer`` becomes its answer, ``None`` if it is taken back."""
        self._open[approval.call_id] = approval, answer

    def answer(self, answer: ApprovalAnswered) -> None:
        """The person decided; a question that no longer counts is ignored, and so is an answer to an older one."""
        approval, question = self._open.get(answer.call_id, (None, None))
        is_stale = isinstance(answer, AnswerTo) and answer.approval is not approval
        if question is None or question.done() or is_stale:
            logger.info("an answer came too late for the call %s", answer.call_id)
            return
        del self._open[answer.call_id]
        question.set_result(answer)

    def take_back(self, call_id: ToolCallId) -> bool:
        """The question no longer counts; whether it waited until now."""
        _, question = self._open.pop(call_id, (None, None))
        if question is None or question.done():
            return False
        question.set_result(None)
        return True

    @property
    def own(self) -> tuple[ToolCallId, ...]:
        """The same without the questions that were sent here from another device."""
        return tuple(call_id for call_id, (approval, _) in self._open.items() if not approval.asked_by)

    @property
    def waiting(self) -> tuple[ToolCallId, ...]:
        """The calls that are asked about, oldest first."""
        return tuple(self._open)
