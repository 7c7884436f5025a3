"""Tools that people wrote, run by the real agent: asked about, in the right turn, and never the end of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import ClassVar, Literal

import pytest
from google.adk.agents.invocation_context import InvocationContext
from google.adk.agents.llm_agent import LlmAgent
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session
from google.adk.tools.tool_context import ToolContext
from pydantic import ConfigDict, Field, field_validator

from server.agent.history import WindowedHistory
from server.agent.own_tool import OwnTool
from server.agent.runner import AdkAgent
from server.async_tool import AsyncBaseTool
from server.context import Workers, current_turn, start_workers
from server.conversations.conversation import Conversation
from server.core.tool_failure import ToolFailedError
from shared.frames import Choice
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema
from tests.own_tools.probe import Probe, SyncProbe
from tests.own_tools.tally import SyncTally, Tally
from tests.server.agent.talks import answer, begin, results, say, stored, unanswered
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB, Setup, begun
from tests.server.tab_for_tests import TabForTests, reject

WAIT = 5.0
LIMIT = 1.0
"""How long a cancelled turn may take to end, in seconds."""
CANCELLED: JsonObject = {"success": False, "error": "The user cancelled the turn. The tool may have run."}


Serve = Callable[..., "Server"]


class Server:
    """One server with these tools; each message is said in a new conversation unless a tab is given."""

    def __init__(self, history: WindowedHistory, workers: Workers, *tools: type[AsyncBaseTool]) -> None:
        own = [OwnTool(tool, workers) for tool in tools]
        self.setup = Setup(AdkAgent(session_service=history, model_name="demo", own_tools=own))

    async def results(self, text: str, who: object = ADA, tab: TabForTests | None = None) -> list[JsonObject]:
        """What the tools gave."""
        tab = tab or TabForTests()
        end = await say(begun(self.setup.sessions, who, tab), text)  # type: ignore[arg-type]  # an identity
        assert (end.stop_reason, end.problem) == ("end_turn", None)
        return [given.result for given in results(tab) if given.result is not None]

    async def result(self, text: str, who: object = ADA, tab: TabForTests | None = None) -> JsonObject:
        """What the one tool gave."""
        (given,) = await self.results(text, who, tab)
        return given


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = start_workers(agent=1, tool=8)
    yield workers
    workers.close()


@pytest.fixture
def serve(history: WindowedHistory, workers: Workers) -> Serve:
    return lambda *tools: Server(history, workers, *tools)


# --- what people see of it ----------------------------------------------------------------------------------


async def test_it_asks_first_with_its_own_words_and_a_no_runs_nothing(serve: Serve) -> None:
    server, tab = serve(Tally), TabForTests(decide=reject)
    given = await server.result('/tool tally {"what": "coffee"}', tab=tab)
    (asked,) = tab.asked
    assert (asked.name, asked.arguments) == ("tally", {"what": "coffee"})
    assert asked.risk == "Runs in the server. What it does there is not known to Ringback."
    assert given == {"success": False, "error": "The user declined to run tally."}
    assert await server.setup.services.states.of(ADA, None).list_states() == []


async def test_it_counts_for_the_person_across_conversations_and_for_nobody_else(serve: Serve) -> None:
    server = serve(Tally, SyncTally)
    for name, who, count in (
        ("tally", ADA, 1), ("sync_tally", ADA, 2), ("tally", BOB, 1), ("sync_tally", ADA_OF_ACME, 1), ("tally", ADA, 3),
    ):  # fmt: skip
        assert await server.result(f'/tool {name} {{"what": "coffee"}}', who) == {"count": count}


async def test_many_at_once_lose_nothing(serve: Serve) -> None:
    server = serve(Tally, SyncTally)
    message = "/tools " + " | ".join(f'{name} {{"what": "tea"}}' for name in ("tally", "sync_tally"))
    given = await asyncio.gather(*(server.results(message) for _ in range(10)))
    counts = [int(str(one["count"])) for both in given for one in both]
    assert max(counts) == len(counts) == 20


async def test_conversations_at_once_see_only_their_own_turn(serve: Serve) -> None:
    server = serve(Probe, SyncProbe)

    async def talk(who: object, number: int) -> None:
        tab = TabForTests()
        conversation = begun(server.setup.sessions, who, tab)  # type: ignore[arg-type]  # an identity
        me = f"{conversation.context.identity.tenant}/{conversation.context.identity.user_id}"
        marker = json.dumps({"marker": f"{me}/{number}"})
        await say(conversation, f"/tools probe {marker} | sync_probe {marker}")
        given = [change.result for change in results(tab) if change.result is not None]
        assert len(given) == 2
        for report in given:
            people, fields = report["people"], report["fields"]
            assert isinstance(people, dict)
            assert isinstance(fields, list)
            assert set(people.values()) == {me}
            assert report["session"] == conversation.context.session_id
            assert all(str(field).startswith(f"{me}/") for field in fields)
            assert any(str(field).startswith(f"{me}/{number}/") for field in fields)

    await asyncio.gather(*(talk(who, number) for number in range(2) for who in (ADA, BOB, ADA_OF_ACME)))


async def test_the_model_is_told_of_it_and_a_tab_cannot_offer_one_of_its_name(serve: Serve, workers: Workers) -> None:
    mine = ToolSpec("tally", "Tally", "Pretends to be the server's", object_schema())
    server, tab = serve(Tally), TabForTests(tools=(mine,))
    assert await server.result('/tool tally {"what": "coffee"}', tab=tab) == {"count": 1}
    assert tab.called == []
    declared = OwnTool(Tally, workers)._get_declaration()
    assert (declared.name, declared.description) == ("tally", Tally.__doc__)
    assert declared.parameters_json_schema == {
        "type": "object",
        "properties": {"what": {"type": "string"}},
        "required": ["what"],
        "additionalProperties": False,
    }


async def test_always_is_remembered_for_it_in_this_conversation(serve: Serve) -> None:
    async def always(_: object) -> Choice:
        return Choice.ALLOW_TOOL

    server, tab = serve(Tally), TabForTests(decide=always)
    talk = begun(server.setup.sessions, ADA, tab)
    for what in ("coffee", "tea"):
        await say(talk, f'/tool tally {{"what": "{what}"}}')
    assert len(tab.asked) == 1


# --- what goes in and comes out -----------------------------------------------------------------------------


class Precise(AsyncBaseTool):
    """Take exactly what it says."""

    model_config = ConfigDict(strict=True)
    runs: ClassVar[int] = 0

    day: date
    size: int = 1
    names: list[int] = Field(default_factory=list)

    @field_validator("size")
    @classmethod
    def _is_small(cls, size: int) -> int:
        if size > 10:
            raise ValueError("too large")
        return {1: 1}[size] if size == 7 else size

    async def _arun(self) -> JsonObject:
        Precise.runs += 1
        return {"year": self.day.year, "size": self.size}


async def test_arguments_come_as_their_fields_say(serve: Serve) -> None:
    server = serve(Precise)
    assert await server.result('/tool precise {"day": "2026-11-21"}') == {"year": 2026, "size": 1}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("{}", "The arguments cannot be used. day: Field required."),
        ('{"day": "2026-11-21", "size": "3"}', "size: Input should be a valid integer"),
        ('{"day": "2026-11-21", "size": 11}', "size: Value error, too large."),
        ('{"day": "2026-11-21", "other": 3}', "other: Extra inputs are not permitted."),
        ('{"size": "3"}', "day: Field required; size: Input should be a valid integer"),
        ('{"day": "2026-11-21", "names": [1, "secret", 3]}', "names.1: Input should be a valid integer."),
        ('{"day": "2026-11-21", "names": ["", "", "", "", "", "", "", ""]}', "; and 3 more."),
    ],
)
async def test_wrong_arguments_are_named_to_the_model_and_nothing_runs(
    serve: Serve, arguments: str, sentence: str
) -> None:
    Precise.runs = 0
    given = await serve(Precise).result(f"/tool precise {arguments}")
    assert given["success"] is False
    assert sentence in str(given["error"])
    assert "secret" not in str(given["error"])
    assert str(given["error"]).count("names.") <= 5
    assert Precise.runs == 0


class Give(AsyncBaseTool):
    """Give what the test says."""

    value: ClassVar[object] = None

    def run(self) -> object:
        return Give.value


class AsyncGive(AsyncBaseTool):
    """Give what the test says, on the loop."""

    async def _arun(self) -> object:
        return Give.value


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"a": 1}, {"a": 1}), ({}, {}), (None, {"result": None}), (False, {"result": False}), ([1], {"result": [1]})],
)
async def test_what_is_no_object_is_given_as_one(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, value: object, expected: JsonObject
) -> None:
    monkeypatch.setattr(Give, "value", value)
    server, tab = serve(Give, AsyncGive), TabForTests()
    assert await server.results("/tools give {} | async_give {}", tab=tab) == [expected, expected]
    assert [change.status for change in results(tab)] == ["completed", "completed"]


async def test_a_tool_can_say_itself_that_it_failed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    said: JsonObject = {"success": False, "error": "The kettle is empty."}
    monkeypatch.setattr(Give, "value", said)
    tab = TabForTests()
    assert await serve(Give).result("/tool give {}", tab=tab) == said
    assert results(tab)[-1].status == "failed"


async def test_a_result_that_could_not_be_stored_does_not_cost_the_turn(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    server = serve(Give)
    for value, sentence in ((deep, "nested more than 64 deep"), ("x" * 2_000_000, "at most 1,048,576")):
        monkeypatch.setattr(Give, "value", value)
        assert sentence in str((await server.result("/tool give {}"))["error"])


async def test_what_is_not_json_fails_and_the_log_says_what_it_was(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Give, "value", {1, 2})
    given = await serve(Give).result("/tool give {}")
    assert given["error"] == "The tool give failed; the server's log says more. It may have done part of its work."
    assert "Object of type set is not JSON serializable" in caplog.text


# --- what goes wrong ----------------------------------------------------------------------------------------


class Fail(AsyncBaseTool):
    """Fail as the test says."""

    error: ClassVar[BaseException] = RuntimeError()

    async def _arun(self) -> None:
        raise Fail.error


class SyncFail(AsyncBaseTool):
    """Fail as the test says, in a thread."""

    def run(self) -> None:
        raise Fail.error


class OfItsOwnError(BaseException):
    """An exception that no ``except Exception`` catches."""


@pytest.mark.parametrize("name", ["fail", "sync_fail"])
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("password=hunter2"),
        StopIteration("password=hunter2"),
        SystemExit("password=hunter2"),
        asyncio.CancelledError("password=hunter2"),
        TimeoutError("password=hunter2"),
        ExceptionGroup("password=hunter2", [ValueError("password=hunter2")]),
        BaseExceptionGroup("password=hunter2", [SystemExit("password=hunter2")]),
        KeyboardInterrupt("password=hunter2"),
        GeneratorExit("password=hunter2"),
        OfItsOwnError("password=hunter2"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_it_raises_is_a_failed_call_told_without_its_words(
    *,
    serve: Serve,
    history: WindowedHistory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    error: BaseException,
) -> None:
    monkeypatch.setattr(Fail, "error", error)
    tab = TabForTests()
    server = serve(Fail, SyncFail, Tally)
    talk = begun(server.setup.sessions, ADA, tab)
    end = await say(talk, f'/tools {name} {{}} | tally {{"what": "coffee"}}')
    assert (end.stop_reason, end.problem) == ("end_turn", None)
    assert {change.status for change in results(tab)} == {"failed", "completed"}
    assert f"The tool {name} failed; the server's log says more." in str(results(tab))
    assert "hunter2" not in str(tab.updates)
    assert "hunter2" in caplog.text
    assert "Traceback" in caplog.text
    assert unanswered(await stored(history, talk)) == set()


class CancelsItself(AsyncBaseTool):
    """Cancel its own task, and then do as it was told."""

    then: Literal["wait", "go on", "clean up", "return"]

    async def _arun(self) -> JsonObject:
        task = asyncio.current_task()
        assert task is not None
        task.cancel("password=hunter2")
        if self.then == "wait":
            await asyncio.get_running_loop().create_future()
        if self.then == "go on":
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        if self.then == "clean up":
            try:
                await asyncio.sleep(0)
            finally:
                await current_turn().shared_state.upsert("cleaned", {})
        return {"whose": current_turn().session_id}


@pytest.mark.parametrize("then", ["wait", "return", "clean up"])
async def test_a_tool_that_cancels_itself_is_a_failed_call_and_its_turn_goes_on(
    serve: Serve, history: WindowedHistory, caplog: pytest.LogCaptureFixture, then: str
) -> None:
    server, tab = serve(CancelsItself, Tally), TabForTests()
    talk = begun(server.setup.sessions, ADA, tab)
    end = await say(talk, f'/tools cancels_itself {{"then": "{then}"}} | tally {{"what": "coffee"}}')
    assert (end.stop_reason, end.problem) == ("end_turn", None)
    assert {change.status for change in results(tab)} == {"failed", "completed"}
    assert "The tool cancels_itself failed; the server's log says more." in str(results(tab))
    assert "hunter2" not in str(tab.updates)
    assert "The work cancelled itself." in caplog.text
    assert unanswered(await stored(history, talk)) == set()
    tab.sent.clear()
    await say(talk, "what is 2+2")
    assert answer(tab) == "2+2 = 4"
    kept = await server.setup.services.states.of(ADA, None).list_states()
    assert ("cleaned" in kept) is (then == "clean up")


async def test_a_tool_that_cancels_itself_and_goes_on_gives_its_result_in_its_turn(serve: Serve) -> None:
    server, tab = serve(CancelsItself), TabForTests()
    talk = begun(server.setup.sessions, ADA, tab)
    await say(talk, '/tool cancels_itself {"then": "go on"}')
    assert [given.result for given in results(tab)] == [{"whose": talk.context.session_id}]


async def test_a_bug_in_a_validator_is_a_bug_of_the_tool(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    given = await serve(Precise).result('/tool precise {"day": "2026-11-21", "size": 7}')
    assert "The tool precise failed" in str(given["error"])
    assert "KeyError: 7" in caplog.text


@pytest.mark.parametrize("name", ["fail", "sync_fail"])
async def test_an_expected_failures_sentence_is_told_and_not_logged(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    monkeypatch.setattr(Fail, "error", ToolFailedError("The kettle is empty."))
    given = await serve(Fail, SyncFail).result(f"/tool {name} {{}}")
    assert given == {"success": False, "error": "The kettle is empty."}
    assert "kettle" not in caplog.text


@pytest.mark.parametrize("name", ["tally", "sync_tally"])
async def test_what_the_state_refuses_is_told_in_its_words(serve: Serve, name: str) -> None:
    given = await serve(Tally, SyncTally).result(f'/tool {name} {{"what": "{"x" * 300}"}}')
    assert given["success"] is False
    assert "1 to 200 characters; this one has 306" in str(given["error"])


async def test_outside_of_a_turn_it_does_not_run(workers: Workers) -> None:
    session = Session(id="s", app_name="agents", user_id="u")
    inner = InvocationContext(
        session_service=InMemorySessionService(), invocation_id="i", agent=LlmAgent(name="a"), session=session
    )
    for tool in (Tally, SyncTally):
        with pytest.raises(LookupError, match="No turn is bound here"):
            await OwnTool(tool, workers).run_async(args={"what": "tea"}, tool_context=ToolContext(inner))


# --- threads and cancelling ---------------------------------------------------------------------------------


class Meeting:
    """Where a test and a tool in a thread meet; a class of tools has one for all of its calls."""

    def __init__(self) -> None:
        self.begun, self.go, self.done = threading.Event(), threading.Event(), threading.Event()
        self.thread = ""
        self.whose: list[str] = []

    def attend(self) -> None:
        self.thread = threading.current_thread().name
        self.begun.set()
        assert self.go.wait(WAIT)
        try:
            self.whose.append(current_turn().session_id)
        except LookupError as error:
            self.whose.append(str(error))
        self.done.set()


class Block(AsyncBaseTool):
    """Block its thread until the test says go."""

    meeting: ClassVar[Meeting]

    def run(self) -> JsonObject:
        Block.meeting.attend()
        return {"success": True}


class Dawdle(AsyncBaseTool):
    """Wait without an end, and note that it was stopped."""

    begun: ClassVar[asyncio.Event]
    stopped: ClassVar[asyncio.Event]

    async def _arun(self) -> None:
        Dawdle.begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            Dawdle.stopped.set()


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meeting]:
    meeting = Meeting()
    monkeypatch.setattr(Block, "meeting", meeting, raising=False)
    yield meeting
    meeting.go.set()


async def answered(history: WindowedHistory, talk: Conversation) -> list[object]:
    """What the model is told of the calls so far."""
    events = await stored(history, talk)
    assert unanswered(events) == set()
    return [given.response for event in events for given in event.get_function_responses()]


async def attended(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, WAIT)


async def test_a_tool_that_blocks_has_a_thread_of_the_tools_and_stops_nobody_else(
    serve: Serve, meeting: Meeting
) -> None:
    server, tab = serve(Block, Tally), TabForTests()
    talk = begun(server.setup.sessions, ADA, tab)
    turn = begin(talk, "/tool block {}")
    await attended(meeting.begun)
    assert await server.result('/tool tally {"what": "tea"}', BOB) == {"count": 1}
    assert not turn.done()
    meeting.go.set()
    assert (await turn).stop_reason == "end_turn"
    assert meeting.thread.startswith("tool_")
    assert meeting.whose == [talk.context.session_id]


async def test_an_async_tool_runs_on_the_loop_and_is_stopped_at_once_when_the_person_cancels(
    serve: Serve, history: WindowedHistory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Dawdle, "begun", asyncio.Event(), raising=False)
    monkeypatch.setattr(Dawdle, "stopped", asyncio.Event(), raising=False)
    server, tab = serve(Dawdle, Tally), TabForTests()
    talk = begun(server.setup.sessions, ADA, tab)
    turn = begin(talk, "/tool dawdle {}")
    async with asyncio.timeout(WAIT):
        await Dawdle.begun.wait()
    await see_it_cancelled(talk.cancel, turn)
    async with asyncio.timeout(WAIT):
        await Dawdle.stopped.wait()
    assert results(tab)[0].result == CANCELLED
    assert "failed" not in caplog.text, "being cancelled is no failure"
    assert await answered(history, talk) == [CANCELLED]
    tab.sent.clear()
    await say(talk, "what is 2+2")
    assert answer(tab) == "2+2 = 4"


async def test_a_sync_tool_finishes_unheard_and_out_of_any_turn_when_the_person_cancels(
    serve: Serve, history: WindowedHistory, meeting: Meeting
) -> None:
    server, tab = serve(Block), TabForTests()
    talk = begun(server.setup.sessions, ADA, tab)
    turn = begin(talk, "/tool block {}")
    await attended(meeting.begun)
    await see_it_cancelled(talk.cancel, turn)
    assert not meeting.done.is_set()
    assert [change.result for change in results(tab)] == [CANCELLED]
    assert await answered(history, talk) == [CANCELLED]
    tab.sent.clear()
    await say(talk, "what is 2+2")
    meeting.go.set()
    await attended(meeting.done)
    (whose,) = meeting.whose
    assert "The turn that this belongs to is over" in whose
    assert results(tab)[0].result == {"success": True, "expression": "2+2", "result": 4}
    assert unanswered(await stored(history, talk)) == set()


async def test_a_sync_tool_that_waits_for_a_thread_never_runs_once_it_is_cancelled(
    history: WindowedHistory, meeting: Meeting
) -> None:
    workers = start_workers(agent=1, tool=1)
    server, tab = Server(history, workers, Block, SyncTally), TabForTests()
    first = begin(begun(server.setup.sessions, BOB, TabForTests()), "/tool block {}")
    await attended(meeting.begun)
    talk = begun(server.setup.sessions, ADA, tab)
    waiting = begin(talk, '/tool sync_tally {"what": "tea"}')
    await tab.until(lambda: any(getattr(update, "status", None) == "in_progress" for update in tab.updates))
    await see_it_cancelled(talk.cancel, waiting)
    meeting.go.set()
    await first
    assert await server.result('/tool sync_tally {"what": "tea"}') == {"count": 1}
    workers.close()


async def test_once_the_server_has_stopped_its_threads_a_call_is_refused(history: WindowedHistory) -> None:
    workers = start_workers()
    workers.close()
    given = await Server(history, workers, SyncTally).result('/tool sync_tally {"what": "tea"}')
    assert given["success"] is False
    assert "sync_tally failed" in str(given["error"])


async def see_it_cancelled(cancel: Callable[[], object], turn: asyncio.Task[object]) -> None:
    started = time.perf_counter()
    await cancel()  # type: ignore[misc]  # a coroutine function
    end = await turn
    assert time.perf_counter() - started < LIMIT
    assert end.stop_reason == "cancelled"  # type: ignore[attr-defined]  # a TurnEnded
    assert end.problem is None  # type: ignore[attr-defined]
