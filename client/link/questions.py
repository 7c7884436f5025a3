"""The questions of the server that wait in one tab: each is answered once, or taken back."""

from __future__ import annotations

import asyncio
import logging

from shared.frames import ApprovalAnswered, Choice
from shared.ids import ToolCallId

logger = logging.getLogger(__name__)


class Questions:
    """One future per question."""

    def __init__(self) -> None:
        self._open: dict[ToolCallId, asyncio.Future[Choice | None]] = {}

    def open(self, call_id: ToolCallId) -> asyncio.Future[Choice | None]:
        """A question was asked; its answer, ``None`` if it is taken back."""
        question: asyncio.Future[Choice | None] = asyncio.get_running_loop().create_future()
        self._open[call_id] = question
        return question

    def answer(self, answer: ApprovalAnswered) -> None:
        """The person decided; a question that no longer counts is ignored."""
        question = self._open.pop(answer.call_id, None)
        if question is None or question.done():
            logger.info("an answer came too late for the call %s", answer.call_id)
            return
        question.set_result(answer.choice)

    def take_back(self, call_id: ToolCallId) -> bool:
        """The question no longer counts; whether it waited until now."""
        question = self._open.pop(call_id, None)
        if question is None or question.done():
            return False
        question.set_result(None)
        return True

    @property
    def waiting(self) -> tuple[ToolCallId, ...]:
        """The calls that are asked about, oldest first."""
        return tuple(self._open)
