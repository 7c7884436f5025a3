"""A link that lost its connection goes on where it was: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio

import pytest

from client.core.approval_queue import AnswerTo
from client.core.transcript_entries import Delivery
from client.link.holding import ASKED_AGAIN, LOST_THERE
from client.ports import HandoffCode, Resumed, Welcome
from shared.acp_names import META_LAST_SEQ, META_LEASE_SECRET, META_TAKE_OVER, METHOD_HANDED
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Choice, TurnEnded, UserSaid
from shared.ids import SessionId
from shared.news import HandedOver, PersonReset
from tests.client.link.log_server import PHONE, Json, LogServer, RefusedError, Tab, Talk, notify, serving
from tests.client.link.transcript_tab import TranscriptTab, linked, read, say
from tests.client.tab_for_tests import (
    Cleared,
    Connecting,
    Held,
    Interrupted,
    Lost,
    Refused,
    Remark,
    SessionLost,
    ToolboxForTests,
    runs_for_tests,
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.link.backoff.FIRST", 0.001)


async def echo(_server: LogServer, talk: Talk, _message_id: str, text: str) -> None:
    talk.speak(f"you said {text}")


class Stepwise:
    """A turn that speaks, waits to be let on, and speaks again."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __call__(self, _server: LogServer, talk: Talk, _message_id: str, _text: str) -> None:
        talk.speak("one ")
        await self.go_on.wait()
        talk.speak("two")


async def test_an_answer_cut_in_the_middle_goes_on_where_it_was() -> None:
    turn, tab = Stepwise(), TranscriptTab()
    async with serving(LogServer(turn)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.until(lambda: len(tab.numbers) == 2)
        server.tabs[0].cut()
        await tab.first(Interrupted)
        turn.go_on.set()
        await tab.end_of("m1")
        resume = server.asked_for("session/resume")
    assert [params["_meta"] for params in resume] == [{META_LAST_SEQ: 2, META_LEASE_SECRET: "secret-session-1-1"}]
    assert tab.shown == read(server.talk.log) == [("Said", "m1"), ("Answer", "one two")]
    assert tab.numbers == [1, 2, 3, 4]
    assert server.prompted == ["m1"], "it was acknowledged: it is not said again"
    assert not tab.all(Lost)


async def test_a_message_whose_acknowledgement_was_cut_off_is_sent_again_and_stands_once() -> None:
    tab = TranscriptTab()
    server = LogServer(echo, frames_of_next=2)  # initialize, session/new
    async with serving(server), linked(server, tab) as link:
        await tab.first(Welcome)
        server.frames_of_next = None
        say(link, tab, "m1")
        say(link, tab, "m2")
        await tab.end_of("m2")
    assert server.prompted == ["m1", "m2", "m1", "m2"], "the first time, the answers were cut off"
    assert tab.shown == read(server.talk.log)
    assert [said.message_id for said in tab.all(UserSaid)] == ["m1", "m2"]


async def test_a_message_that_never_arrived_is_sent_again() -> None:
    def cut_at_prompt(tab: Tab, method: str, _params: Json) -> None:
        if method == "session/prompt" and len(tab.server.tabs) == 1:
            tab.cut()
            raise RefusedError(0)

    tab = TranscriptTab()
    async with serving(LogServer(echo, cut_at_prompt)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
    assert tab.shown == [("Said", "m1"), ("Answer", "you said m1")]


class LateReplay(LogServer):
    """What is told again comes behind the answers to what is asked meanwhile."""

    def _replay(self, talk: Talk, tab: Tab, last: int) -> None:
        async def later() -> None:
            await self.until(lambda: len(self.prompted) == 2)
            while tab.tasks:
                await asyncio.wait(tab.tasks)
            LogServer._replay(self, talk, tab, last)

        task = asyncio.create_task(later())
        self.turns.add(task)
        task.add_done_callback(self.turns.discard)


async def test_a_repeats_answer_that_is_ahead_of_the_replay_ends_no_turn_too_early() -> None:
    tab = TranscriptTab()
    async with serving(LateReplay(echo, frames_of_next=2)) as server, linked(server, tab) as link:
        await tab.first(Welcome)
        server.frames_of_next = None
        say(link, tab, "m1")
        await tab.end_of("m1")
        await tab.until(lambda: len(tab.numbers) == len(server.talk.log))
    assert len(tab.all(TurnEnded)) == 1
    assert tab.shown == read(server.talk.log)


async def test_an_open_question_is_closed_by_a_loss_and_asked_again_once_and_no_stale_answer_counts() -> None:
    async def ask(_server: LogServer, talk: Talk, _message_id: str, _text: str) -> None:
        await talk.ask("c1").wait()
        talk.speak("thanks")

    tab = TranscriptTab()
    async with serving(LogServer(ask)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        old = await tab.first(ApprovalAsked)
        server.tabs[0].cut()
        withdrawn = await tab.first(ApprovalWithdrawn)
        await tab.until(lambda: len(tab.all(ApprovalAsked)) == 2)
        link.answer(AnswerTo(old.call_id, Choice.ALLOW_ONCE, approval=old))
        new = tab.all(ApprovalAsked)[1]
        link.answer(AnswerTo(new.call_id, Choice.ALLOW_ONCE, approval=new))
        link.answer(AnswerTo(new.call_id, Choice.ALLOW_ONCE, approval=new))
        await tab.end_of("m1")
        assert server.talk.answers == [("c1", "allow_once")]
    assert withdrawn.reason == ASKED_AGAIN
    assert (old.call_id, new.call_id) == ("c1", "c1")
    assert old is not new


async def test_a_stale_answer_answers_no_newer_question() -> None:
    async def ask(_server: LogServer, talk: Talk, _message_id: str, _text: str) -> None:
        await talk.ask("c1").wait()

    tab = TranscriptTab()
    async with serving(LogServer(ask)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        old = await tab.first(ApprovalAsked)
        server.tabs[0].cut()
        await tab.until(lambda: len(tab.all(ApprovalAsked)) == 2)
        link.answer(AnswerTo(old.call_id, Choice.ALLOW_ONCE, approval=old))
        assert link._holding.questions.waiting == ("c1",)
        assert server.talk.answers == []


async def test_a_server_that_has_less_than_was_told_has_it_all_loaded_anew_and_what_it_forgot_is_said_again() -> None:
    turn, tab = Stepwise(), TranscriptTab()
    async with serving(LogServer(turn)) as server, linked(server, tab) as link:
        turn.go_on.set()
        say(link, tab, "m1")
        await tab.end_of("m1")
        turn.go_on.clear()
        say(link, tab, "m2")
        await tab.until(lambda: len(tab.numbers) == 6)
        for task in server.turns:
            task.cancel()
        server.tabs[0].cut()
        del server.talk.log[4:]
        del server.talk.accepted["m2"]
        turn.go_on.set()
        await tab.first(Cleared)
        await tab.end_of("m2")
        assert [params["_meta"][META_LAST_SEQ] for params in server.asked_for("session/resume")] == [6]
        assert len(server.asked_for("session/load")) == 1
    assert server.prompted == ["m1", "m2", "m2"]
    assert tab.shown == read(server.talk.log)
    assert [text for kind, text in tab.shown if kind == "Said"] == ["m1", "m2"]


async def test_a_conversation_that_is_gone_is_told_and_what_was_not_acknowledged_goes_to_the_new_one() -> None:
    turn, tab = Stepwise(), TranscriptTab()
    async with serving(LogServer(turn)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.until(lambda: len(tab.numbers) == 2)
        say(link, tab, "m2")
        await server.until(lambda: len(server.prompted) == 2)
        server.talks.clear()
        server.tabs[0].cut()
        await tab.first(SessionLost)
        turn.go_on.set()
        await tab.end_of("m2")
    assert tab.all(SessionLost) == [SessionLost(LOST_THERE)]
    assert server.prompted == ["m1", "m2", "m2"], "m1 was taken by the old one"
    assert [text for kind, text in tab.shown if kind == "Said"] == ["m1", "m2"]
    assert not tab.texts(Delivery.WAITING)


async def test_a_conversation_that_was_never_used_is_replaced_in_silence() -> None:
    tab = TranscriptTab()
    async with serving(LogServer(echo)) as server, linked(server, tab) as link:
        await tab.first(Welcome)
        assert link.resumable is None
        server.talks.clear()
        server.tabs[0].cut()
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
    assert not tab.all(SessionLost)


async def test_a_held_conversation_names_its_holder_keeps_what_is_unsent_and_can_be_taken_over() -> None:
    tab = TranscriptTab()
    async with serving(LogServer(echo)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
        server.talk.other = PHONE
        server.tabs[0].cut()
        held = await tab.first(Held)
        say(link, tab, "m2")
        server.talk.speak("said to the phone")
        assert tab.texts(Delivery.WAITING) == ["m2"]
        link.take_over()
        await tab.end_of("m2")
        metas = [params["_meta"] for params in server.asked_for("session/resume")]
    assert held.holder.label == "iPhone"
    assert [meta.get(META_TAKE_OVER) for meta in metas] == [None, True]
    assert tab.shown == read(server.talk.log)
    assert server.prompted == ["m1", "m2"], "nothing was sent while another one held it"


async def test_a_conversation_that_moves_closes_its_questions_answers_nothing_and_comes_back_on_request() -> None:
    async def ask(_server: LogServer, talk: Talk, _message_id: str, _text: str) -> None:
        await talk.ask("c1").wait()
        talk.speak("thanks")

    tab = TranscriptTab()
    async with serving(LogServer(ask)) as server, linked(server, tab) as link:
        link.take_over()  # nobody else has it: this is no wish for later
        say(link, tab, "m1")
        asked = await tab.first(ApprovalAsked)
        server.talk.moves()
        await tab.first(Held)
        link.answer(ApprovalAnswered(asked.call_id, Choice.ALLOW_ONCE))
        say(link, tab, "m2")
        server.talk.questions["c2"] = asyncio.Event()
        link.take_over()
        await tab.until(lambda: len(tab.all(ApprovalAsked)) == 3)
        assert server.talk.answers == [], "neither the old answer nor a cancellation went out"
        link.answer(ApprovalAnswered(asked.call_id, Choice.ALLOW_ONCE))
        await tab.until(lambda: len(tab.all(ApprovalAsked)) == 4)
        link.answer(ApprovalAnswered(asked.call_id, Choice.ALLOW_ONCE))
        await tab.end_of("m2")
        assert server.talk.answers == [("c1", "allow_once")] * 2
    assert "iPhone" in tab.all(ApprovalWithdrawn)[0].reason
    assert len(server.tabs) == 1
    assert tab.shown == read(server.talk.log)


async def test_a_message_refused_because_another_holds_the_conversation_stays_until_it_is_taken_over() -> None:
    tab = TranscriptTab()
    async with serving(LogServer(echo)) as server, linked(server, tab) as link:
        await tab.first(Welcome)
        server.talk.holder, server.talk.other = None, PHONE  # the news of it is still under way
        say(link, tab, "m1")
        await tab.first(Held)
        assert not tab.all(TurnEnded)
        link.take_over()
        await tab.end_of("m1")
    assert tab.shown == read(server.talk.log)


async def test_after_a_reset_the_conversation_is_resumed_by_its_new_numbers() -> None:
    tab = TranscriptTab()
    async with serving(LogServer(echo)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
        server.reset()
        await tab.first(PersonReset)
        assert link.resumable is None
        say(link, tab, "m2")
        await tab.end_of("m2")
        server.tabs[0].cut()
        say(link, tab, "m3")
        await tab.end_of("m3")
        assert [params["_meta"][META_LAST_SEQ] for params in server.asked_for("session/resume")] == [3]
    assert tab.shown[2:] == read(server.talk.log)
    assert not tab.all(Cleared)


async def test_a_resume_that_is_refused_forever_is_tried_forever_and_nothing_is_lost() -> None:
    def refuse(_tab: Tab, method: str, _params: Json) -> None:
        if method == "session/resume" and not is_well.is_set():
            raise RefusedError(-32019, "The database is away.")

    is_well, tab = asyncio.Event(), TranscriptTab()
    async with serving(LogServer(echo, refuse)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
        server.tabs[0].cut()
        say(link, tab, "m2")
        await tab.until(lambda: max(connecting.attempt for connecting in tab.all(Connecting)) >= 5)
        assert tab.texts(Delivery.WAITING) == ["m2"]
        assert "The database is away." in tab.all(Connecting)[-1].reason
        is_well.set()
        await tab.end_of("m2")
    assert len(tab.all(Interrupted)) == 1
    assert tab.shown == read(server.talk.log)


async def test_a_hole_in_the_sequence_is_filled_by_resuming_and_told_where_nothing_fills_it() -> None:
    async def leave_out(_server: LogServer, talk: Talk, message_id: str, text: str) -> None:
        holder, talk.holder = talk.holder, None
        talk.speak(f"missing {text} ")
        talk.holder = holder
        if message_id == "m2":
            talk.log[-1] = notify("session/update", sessionId="another")
        talk.speak("there")

    tab = TranscriptTab()
    async with serving(LogServer(leave_out)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
        assert tab.shown == read(server.talk.log) == [("Said", "m1"), ("Answer", "missing m1 there")]
        assert not tab.all(Remark)
        say(link, tab, "m2")
        await tab.end_of("m2")
    assert tab.all(Remark) == [Remark("The update 6 of this conversation could not be had from the server.")]
    assert tab.shown[2:] == [("Said", "m2"), ("Answer", "there")]


async def test_a_restored_tab_is_told_everything_and_can_be_restored_again() -> None:
    first, second = TranscriptTab(), TranscriptTab()
    async with serving(LogServer(echo)) as server:
        async with linked(server, first) as link:
            say(link, first, "m1")
            await first.end_of("m1")
            saved = link.resumable
        assert saved == Resumed(SessionId("session-1"), 3, "secret-session-1-1")
        assert "secret-" not in repr(saved)
        async with linked(server, second, Resumed(saved.session_id)) as link:
            await second.end_of("m1")
            say(link, second, "m2")
            await second.end_of("m2")
            assert link.resumable == Resumed(saved.session_id, 6, "secret-session-1-2")
    assert second.shown == read(server.talk.log)


async def test_a_restored_tab_whose_conversation_is_gone_is_told_so() -> None:
    tab = TranscriptTab()
    async with serving(LogServer(echo)) as server, linked(server, tab, Resumed(SessionId("gone"))) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
    assert len(tab.all(SessionLost)) == 1
    assert tab.shown == read(server.talk.log)


async def test_a_handoff_code_brings_the_whole_conversation_and_a_used_one_a_sentence() -> None:
    tabs = [TranscriptTab(), TranscriptTab(), TranscriptTab()]
    async with serving(LogServer(echo)) as server, linked(server, tabs[0]) as link:
        say(link, tabs[0], "m1")
        await tabs[0].end_of("m1")
        talk = server.talk
        params = {"sessionId": talk.session_id, "code": "good", "from": PHONE}
        server.tabs[0].send(notify(f"_{METHOD_HANDED}", **params))
        offered = await tabs[0].first(HandedOver)
        async with linked(server, tabs[1], HandoffCode(offered.code)) as taker:
            await tabs[1].end_of("m1")
            assert taker.resumable is not None
            assert tabs[1].shown == read(talk.log)
        async with linked(server, tabs[2], HandoffCode("used")):
            await tabs[2].first(Refused)
    assert (offered.session_id, offered.source.label) == (talk.session_id, "iPhone")
    assert tabs[2].all(Refused) == [Refused("This code was used.")]


async def test_a_cancel_without_a_connection_is_made_good_after_the_resume() -> None:
    turn, tab = Stepwise(), TranscriptTab()
    async with serving(LogServer(turn)) as server, linked(server, tab) as link:
        say(link, tab, "m1")
        await tab.until(lambda: len(tab.numbers) == 2)
        server.tabs[0].cut()
        await tab.first(Interrupted)
        link.cancel()
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
        turn.go_on.set()
        await tab.end_of("m1")
        assert server.notified == ["session/cancel"]


async def test_a_claim_asked_for_again_on_a_new_connection_is_answered_from_the_journal() -> None:
    tab, box = TranscriptTab(), ToolboxForTests()
    async with serving(LogServer(echo)) as server, linked(server, tab, toolbox=box, runs=runs_for_tests()) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
        call = ("session-1", "copy_to_clipboard", {"text": "x"}, "claim-1")
        answers = [await server.tabs[0].call_tool(*call)]
        server.tabs[0].cut()
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
        answers += [await server.tabs[1].call_tool(*call, epoch=2) for _ in range(2)]
        outdated = await server.tabs[1].call_tool(*call[:3], "claim-2", epoch=1)
    assert [answer["result"] for answer in answers] == [{"result": {"success": True, "characters": 1}}] * 3
    assert box.copied == ["x"]
    assert "another holder" in outdated["result"]["error"], "a call of the lease before is not run"
