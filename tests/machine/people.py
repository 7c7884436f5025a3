"""People's devices and tabs: devices keep a journal, tabs break, are half-open, read slowly and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.core.identity import Identity
from shared.errors import LinkLostError
from shared.frames import (
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Device,
    ToolCalled,
    ToolChanged,
    Update,
)
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject
from shared.news import HandedOver, Moved, News
from shared.tool_spec import ToolSpec
from tests.machine.oracle import CallKey, Oracle

GONE = "The connection to the tab is gone."


@dataclass
class Run:
    """One run in a device's journal. ``result`` is ``None`` while it goes on; those who wait for it wait in tabs."""

    call: ToolCalled
    result: JsonObject | None = None
    waiting: list[asyncio.Future[JsonObject]] = field(default_factory=list)


class Person:
    """A device of somebody's, with its journal."""

    def __init__(self, identity: Identity, device: Device, tools: Mapping[str, ToolSpec], oracle: Oracle) -> None:
        self.identity = identity
        self.device = device
        self.tools = tools
        self.oracle = oracle
        self.journal: dict[str, Run] = {}

    @property
    def under_way(self) -> list[Run]:
        return [run for run in self.journal.values() if run.result is None]

    def begin(self, call: ToolCalled) -> Run:
        """The run of that claim: begun now, or long ago. It is the device's journal that makes it one."""
        run = self.journal.get(call.claim)
        if run is None:
            run = self.journal[call.claim] = Run(call)
            key = self.oracle.claimed_by(call.claim)
            if key is None or (key.session, key.call) != (call.session_id, call.call_id):
                self.oracle.wrong(f"row 3: {call.call_id} runs by a claim that is not committed")
            else:
                self.oracle.ran(key, call.name, call.arguments)
                if self.oracle.calls[key].device != self.device.id:
                    self.oracle.wrong(f"row 4: {key} runs on {self.device.id}, and is another device's")
                if self.oracle.calls[key].user != self.identity.user_id:
                    self.oracle.wrong(f"row 5: {key} runs on another person's device")
            number = call.arguments.get("number")
            if isinstance(number, int) and number % 2 == 0:
                self.end(run, {"success": True})
        return run

    def end(self, run: Run, result: JsonObject) -> None:
        run.result = result
        for waiting in run.waiting:
            if not waiting.done():
                waiting.set_result(result)

    def restart(self) -> None:
        """The program on it was killed: what ran is in the journal as begun, and nobody knows how it ended."""
        for run in self.under_way:
            run.result = {"success": False, "error": "It may have run."}
            run.waiting.clear()


@dataclass
class Question:
    """A question as a tab shows it, or showed it. ``seat`` is the hold by which the tab was asked."""

    approval: ApprovalAsked
    answered: Callable[[ApprovalAnswered | None], None]
    key: CallKey | None
    tab: ClientTab
    seat: object = None
    is_open: bool = True
    is_said: bool = False


@dataclass
class Transcript:
    """What a tab knows of one conversation. ``next_seq`` is ``None`` as long as any number may come."""

    next_seq: int | None = None
    last_seq: int = 0
    opening: int = 0
    under_way: int = 0
    epoch: int = 0
    is_moved: bool = False
    secret: str | None = None


class ClientTab:
    """Implements ``server.tabs.tab.Tab``. ``shown`` says why a question is not to be shown there, if so."""

    def __init__(
        self,
        person: Person,
        signature: str,
        shown: Callable[[Question], str],
        lives: Callable[[], bool],
    ) -> None:
        self.person = person
        self.signature = ConnectionSignature(signature)
        self.device = person.device
        self.tools: Mapping[str, ToolSpec] = person.tools
        self.oracle = person.oracle
        self.shown = shown
        self.lives = lives
        self.is_gone = False
        self.is_deaf = False
        self.lost = asyncio.Event()
        self.unstuck = asyncio.Event()
        self.unstuck.set()
        self.talks: dict[SessionId, Transcript] = {}
        self.questions: list[Question] = []
        self.handed: list[tuple[SessionId, str]] = []

    def talk(self, session_id: SessionId) -> Transcript:
        return self.talks.setdefault(session_id, Transcript())

    @property
    def open_questions(self) -> list[Question]:
        return [question for question in self.questions if question.is_open]

    # --- what the server says -----------------------------------------------------------------------------

    async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
        self._check()
        if not self.is_deaf and seq is not None:
            self._hear(session_id, seq, update)
        await self._room()

    def _hear(self, session_id: SessionId, seq: int, update: Update) -> None:
        talk = self.talk(session_id)
        if talk.next_seq is not None and seq != talk.next_seq:
            if talk.under_way and talk.opening > 1:
                # Of what this connection held before; the replay is still to come.
                return
            self.oracle.wrong(f"row 8: {self.signature} was told {seq} of {session_id} and expected {talk.next_seq}")
        if self.oracle.log.get(session_id, {}).get(seq) != update and not self.oracle.is_over:
            self.oracle.wrong(f"row 1: {self.signature} was told {seq}, which is not committed: {update}")
        talk.next_seq, talk.last_seq = seq + 1, seq
        if isinstance(update, ToolChanged) and update.status in {"completed", "failed"}:
            self._close(session_id, update.call_id)

    async def ask(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        self._check()
        key = self.oracle.shown(approval.session_id, approval.call_id)
        question = Question(approval, answered, key, self, is_open=not self.is_deaf)
        wrong = self.shown(question)
        if wrong:
            self.oracle.wrong(f"{wrong}: {approval.call_id} of {approval.session_id} on {self.signature}")
        self.questions.append(question)
        await self._room()

    async def withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        self._check()
        if not self.is_deaf:
            self._close(withdrawal.session_id, withdrawal.call_id)
        await self._room()

    def fell_silent(self) -> bool:
        """Whether nothing of it arrives any more; it may have begun while something was waited for."""
        return self.is_deaf

    def folder(self, session_id: SessionId) -> str:
        return "/work"

    async def call_tool(self, call: ToolCalled) -> JsonObject:
        if self.is_gone or not self.lives():
            raise LinkLostError(GONE)
        if self.is_deaf:
            await self.lost.wait()
            raise LinkLostError(GONE)
        run = self.person.begin(call)
        if run.result is not None:
            return run.result
        waiting: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        run.waiting.append(waiting)
        lost = asyncio.ensure_future(self.lost.wait())
        try:
            either: set[asyncio.Future[Any]] = {waiting, lost}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self.fell_silent() and not lost.done():
                await lost
            if lost.done():
                raise LinkLostError(GONE)
            return waiting.result()
        finally:
            lost.cancel()
            run.waiting.remove(waiting) if waiting in run.waiting else None

    async def tell(self, news: News | Moved) -> None:
        self._check()
        if not self.is_deaf:
            self._learn(news)
        await self._room()

    def _learn(self, news: News | Moved) -> None:
        match news:
            case Moved(session_id, epoch):
                if epoch <= self.talk(session_id).epoch or self.talk(session_id).under_way:
                    # It has taken it back since.
                    return
                self.talk(session_id).is_moved = True
                for question in self.open_questions:
                    if question.approval.session_id == session_id and not question.approval.asked_by:
                        question.is_open = False
            case HandedOver(session_id, code):
                self.handed.append((session_id, code))
            case _:
                pass

    # --- what becomes of the connection -------------------------------------------------------------------

    def breaks(self) -> None:
        """It is gone, and the server's end of it knows."""
        self.is_gone = True
        self.lost.set()
        self.unstuck.set()
        for question in self.questions:
            was_open, question.is_open = not question.is_said, False
            question.is_said = True
            if was_open and self.lives():
                question.answered(None)

    def _check(self) -> None:
        if self.is_gone or not self.lives():
            raise LinkLostError(GONE)

    async def _room(self) -> None:
        """What was sent is on its way; the next thing waits until the tab reads on."""
        await self.unstuck.wait()
        self._check()

    def _close(self, session_id: SessionId, call_id: str) -> None:
        for question in self.open_questions:
            if (question.approval.session_id, question.approval.call_id) == (session_id, call_id):
                question.is_open = False
