"""Questions: each asking is a question of its own, and only the one that is asked now can be answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from server.core.canonical import arguments_hash
from server.core.deadline import Deadline, Moment
from server.core.desk_events import Answered, DeskEvent
from server.core.lease import Lease
from server.core.records import CallRecord
from server.core.tool_call import CallState
from server.metrics.measures import Measures
from server.tabs.asking import Asking
from server.tabs.seat import Seat
from shared.frames import ApprovalAnswered, ApprovalAsked, Choice
from shared.ids import MessageId, SessionId, ToolCallId
from tests.server.services_for_tests import until
from tests.server.tab_for_tests import TabForTests

NOW = Moment("boot", 0.0)
FIRST = CallRecord(
    message_id=MessageId("one"),
    call_id=ToolCallId("call"),
    name="change_bgm",
    title="Change the music",
    kind="other",
    risk="Plays music",
    arguments={"track": 1},
    arguments_hash=arguments_hash({"track": 1}),
    state=CallState.SHOWN,
    deadline=Deadline(NOW, 60.0),
)
SECOND = replace(FIRST, arguments={"track": 2}, arguments_hash=arguments_hash({"track": 2}), occurrence=2)
"""The same model, which repeats its ids, asks for something else."""
YES = ApprovalAnswered(FIRST.call_id, Choice.ALLOW_ONCE)


class KeepingTab(TabForTests):
    """Keeps the way to answer each question that it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: list[Callable[[ApprovalAnswered | None], None]] = []

    async def ask(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        self.asked.append(approval)
        self.answer.append(answered)


class Asks:
    """``put`` is what came of the questions."""

    def __init__(self) -> None:
        self.tab, self.other = KeepingTab(), KeepingTab()
        self.put: list[DeskEvent] = []
        self.asking = Asking(
            SessionId("session"),
            self.seat_of(self.tab, 1),
            put=self.put.append,
            find_tab=lambda signature: self.other if signature == self.other.signature else None,
            measures=Measures(),
            clock=lambda: NOW,
        )

    def seat_of(self, tab: KeepingTab, epoch: int) -> Seat:
        return Seat(tab, Lease(epoch, tab.signature, tab.device, ""))

    async def ask(self, call: CallRecord) -> None:
        self.asking.ask(call)
        await self.asking.seat.outbox.flush(within=5)


@pytest.fixture
def it() -> Asks:
    return Asks()


async def test_one_call_id_that_is_asked_about_twice_is_two_questions(it: Asks) -> None:
    await it.ask(FIRST)
    it.asking.end(FIRST.call_id)
    await it.ask(SECOND)
    assert [asked.arguments for asked in it.tab.asked] == [{"track": 1}, {"track": 2}]
    first, second = it.tab.answer
    first(YES)
    assert it.put == []
    second(YES)
    assert it.put == [Answered(FIRST.call_id, Choice.ALLOW_ONCE)]
    it.asking.close()


async def test_a_question_is_answered_once(it: Asks) -> None:
    await it.ask(FIRST)
    (answer,) = it.tab.answer
    answer(YES)
    answer(replace(YES, arguments={"track": 9}))
    assert it.put == [Answered(FIRST.call_id, Choice.ALLOW_ONCE)]
    it.asking.close()


async def test_another_device_is_not_offered_what_would_last_in_a_folder_that_nobody_knows(it: Asks) -> None:
    await it.ask(FIRST)
    it.tab.answer[0](ApprovalAnswered(FIRST.call_id, None, device=it.other.signature))
    await until(lambda: bool(it.other.asked))
    assert Choice.ALLOW_EXACT in it.tab.asked[0].choices
    assert it.other.asked[0].choices == tuple(one for one in Choice if one is not Choice.ALLOW_EXACT)
    it.other.answer[0](ApprovalAnswered(FIRST.call_id, Choice.ALLOW_EXACT))
    (said,) = it.put
    assert isinstance(said, Answered)
    assert said.choice is None, "what was not offered is no choice"
    it.asking.close()


async def test_the_working_folder_is_that_of_the_connection_that_holds_the_conversation_now(it: Asks) -> None:
    assert it.asking.folder_at(it.tab.signature) == it.tab.cwd
    assert it.asking.folder_at(it.other.signature) == ""
    it.asking.seat = it.seat_of(it.other, 2)
    assert it.asking.folder_at(it.tab.signature) == "", "what was decided there is not for the folder here"


async def test_a_question_that_is_open_here_is_not_asked_again_and_another_seat_is_asked_anew(it: Asks) -> None:
    await it.ask(FIRST)
    await it.ask(FIRST)
    assert len(it.tab.asked) == 1
    other = KeepingTab()
    it.asking.seat = it.seat_of(other, 2)
    await it.ask(FIRST)
    it.tab.answer[0](YES)
    assert it.put == []
    other.answer[0](YES)
    assert it.put == [Answered(FIRST.call_id, Choice.ALLOW_ONCE)]
    it.asking.close()
