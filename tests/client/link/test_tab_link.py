"""A tab's link against a real ACP server on a real socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import acp
import pytest
from acp import schema

from client.core.device_presets import device_named
from client.link.endpoint import Endpoint
from client.link.tab_link import TabLink
from client.ports import Welcome
from client.tools.device import DeviceState
from client.tools.music import MusicPlayer
from client.tools.toolkit import Toolkit
from shared.acp_names import (
    META_APPROVAL,
    META_CLAIM,
    META_DEVICE,
    META_TOOLS,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_NOTICE,
    METHOD_STATE_CHANGED,
    METHOD_TOOL_CALL,
    METHOD_WAS_RESET,
)
from shared.errors import ServerDidNotStartError
from shared.frames import (
    AgentSaid,
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Choice,
    ToolCalled,
    TurnEnded,
    UserSaid,
)
from shared.ids import MessageId, ToolCallId
from shared.news import Notice, PersonReset, StateChanged
from tests.client.link.agent_for_tests import SESSION, AgentForTests, Peer, echo, running
from tests.client.tab_for_tests import (
    IN_MEMORY,
    Connecting,
    Failed,
    Lost,
    TabForTests,
    ToolboxForTests,
    runs_for_tests,
)

FOLDER = Path(__file__).parent


def link_to(
    agent: AgentForTests, tab: TabForTests, device: str = "PC", toolbox: ToolboxForTests | None = None
) -> TabLink:
    state = DeviceState(device_named(device), toolbox or ToolboxForTests(), MusicPlayer(None), FOLDER)
    return TabLink(
        device=state.device, events=tab, toolkit=Toolkit(state, runs_for_tests()), folder=FOLDER, find_server=agent.find
    )


@asynccontextmanager
async def living(link: TabLink) -> AsyncIterator[TabLink]:
    running_link = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        async with asyncio.timeout(10):
            await link.close()
            await running_link


def say(link: TabLink, message_id: str, text: str = "hello") -> None:
    link.say(MessageId(message_id), text)


async def test_it_introduces_its_device_its_tools_and_its_folder_and_learns_its_signature() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent, living(link_to(agent, tab, "iPhone")):
        welcome = await tab.first(Welcome)
        peer = agent.peers[0]
    assert welcome.signature == str(peer.websocket.id)
    assert (welcome.session_id, welcome.model.label, welcome.server_version) == (SESSION, "demo (scripted)", "9.9")
    meta = peer.introduced["client_capabilities"].field_meta
    assert meta[META_DEVICE] == {"id": f"iphone-{IN_MEMORY}", "label": "iPhone", "kind": "phone"}
    assert {tool["name"] for tool in meta[META_TOOLS]} == {
        "change_bgm",
        "get_location",
        "copy_to_clipboard",
        "notify",
        "open_url",
    }
    assert all(set(tool) == {"name", "description", "inputSchema"} for tool in meta[META_TOOLS])
    assert peer.introduced["client_info"].name == "ringback"
    assert peer.cwd == str(FOLDER)


async def test_a_message_is_acknowledged_answered_and_ended_once_and_in_order() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1", "hi")
        await tab.end_of("m1")
        say(link, "m2", "again")
        await tab.end_of("m2")
    assert [happened for happened in tab.happened if not isinstance(happened, Welcome | Connecting)] == [
        UserSaid(MessageId("m1"), "hi"),
        AgentSaid("you said hi"),
        TurnEnded(MessageId("m1"), "end_turn"),
        UserSaid(MessageId("m2"), "again"),
        AgentSaid("you said again"),
        TurnEnded(MessageId("m2"), "end_turn"),
    ]
    assert tab.numbers == [1, 2, 3, 4, 5, 6]


async def test_two_thousand_pieces_keep_their_order() -> None:
    async def flood(peer: Peer, message_id: str, text: str) -> None:
        await peer.acknowledge(message_id, text)
        for number in range(2000):
            await peer.speak(f"{number} ")
        await peer.end_turn(message_id)

    tab = TabForTests()
    async with running(AgentForTests(script=flood)) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        await tab.end_of("m1")
    assert "".join(said.text for said in tab.all(AgentSaid)) == "".join(f"{number} " for number in range(2000))


async def test_an_update_that_is_repeated_is_told_once() -> None:
    async def stutter(peer: Peer, message_id: str, text: str) -> None:
        await peer.acknowledge(message_id, text)
        await peer.speak("once")
        await peer.update(acp.update_agent_message_text("once"), seq=peer.seq)
        await peer.end_turn(message_id)

    tab = TabForTests()
    async with running(AgentForTests(script=stutter)) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        await tab.end_of("m1")
    assert tab.all(AgentSaid) == [AgentSaid("once")]


async def test_what_is_said_before_the_connection_is_sent_once_it_is_open() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent:
        link = link_to(agent, tab)
        say(link, "m1", "early")
        say(link, "m1", "early")
        async with living(link):
            await tab.end_of("m1")
        assert agent.prompted == [("m1", "early")]


async def test_a_failed_request_without_an_end_of_its_own_ends_the_turn_with_the_servers_sentence() -> None:
    async def refuse(_peer: Peer, _message_id: str, _text: str) -> str | None:
        raise acp.RequestError(-32012, "Too many messages wait already.")

    tab = TabForTests()
    async with running(AgentForTests(script=refuse)) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        ended = await tab.end_of("m1")
    assert ended.problem is not None
    assert (ended.problem.code, ended.problem.message) == (-32012, "Too many messages wait already.")


async def test_a_failed_turn_that_the_server_ended_itself_is_not_ended_twice() -> None:
    async def fail(peer: Peer, message_id: str, text: str) -> str | None:
        await peer.acknowledge(message_id, text)
        await peer.end_turn(message_id, error={"code": -32013, "message": "The model is away."})
        raise acp.RequestError(-32013, "The model is away.")

    tab = TabForTests()
    agent = AgentForTests(script=fail)
    async with running(agent), living(link_to(agent, tab)) as link:
        say(link, "m1")
        ended = await tab.end_of("m1")
        agent.script = echo
        say(link, "m2")
        await tab.end_of("m2")
    assert ended.problem is not None
    assert ended.problem.message == "The model is away."
    assert len(tab.all(TurnEnded)) == 2


async def test_a_message_too_long_for_a_frame_ends_at_once_and_costs_no_connection() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1", "x" * 1_100_000)
        ended = await tab.end_of("m1")
        say(link, "m2")
        await tab.end_of("m2")
    assert ended.problem is not None
    assert "too long" in ended.problem.message
    assert len(agent.peers) == 1


# --- approvals and tools ----------------------------------------------------------------------------------


def asking(**told: Any) -> Any:
    async def ask(peer: Peer, message_id: str, text: str) -> None:
        await peer.acknowledge(message_id, text)
        answer = await peer.client.request_permission(
            session_id=SESSION,
            tool_call=schema.ToolCallUpdate(
                tool_call_id="c1", title="Change the background music", kind="other", raw_input={"track": 1}
            ),
            options=[
                schema.PermissionOption(option_id=choice.value, name=choice.value, kind="allow_once")
                for choice in Choice
            ],
            **{
                META_APPROVAL: {"name": "change_bgm", "risk": "Noise.", "argumentsHash": "abc", "expiresIn": 60, **told}
            },
        )
        await peer.speak(answer.outcome.option_id if answer.outcome.outcome == "selected" else "cancelled")
        await peer.end_turn(message_id)

    return ask


async def test_an_approval_is_asked_in_full_and_answered_with_the_servers_own_option() -> None:
    tab = TabForTests()
    async with running(AgentForTests(script=asking())) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        asked = await tab.first(ApprovalAsked)
        link.answer(ApprovalAnswered(asked.call_id, Choice.ALLOW_TOOL))
        await tab.end_of("m1")
    assert (asked.name, asked.risk, asked.arguments, asked.arguments_hash) == (
        "change_bgm",
        "Noise.",
        {"track": 1},
        "abc",
    )
    assert (asked.expires_in, asked.choices) == (60, tuple(Choice))
    assert tab.all(AgentSaid) == [AgentSaid("allow_tool")]


async def test_an_approval_that_is_withdrawn_is_told_and_a_late_answer_counts_for_nothing() -> None:
    tab = TabForTests()
    async with running(AgentForTests(script=asking())) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        asked = await tab.first(ApprovalAsked)
        params = {"sessionId": SESSION, "toolCallId": "c1", "reason": "It expired."}
        await agent.peers[0].client.ext_notification(METHOD_APPROVAL_WITHDRAWN, params)
        withdrawn = await tab.first(ApprovalWithdrawn)
        link.answer(ApprovalAnswered(asked.call_id, Choice.ALLOW_ONCE))
        await tab.end_of("m1")
    assert withdrawn.reason == "It expired."
    assert tab.all(AgentSaid) == [AgentSaid("cancelled")]


async def call_tool(agent: AgentForTests, name: str, arguments: dict[str, Any], **more: Any) -> Any:
    params = {"sessionId": SESSION, "toolCallId": "c1", "name": name, "arguments": arguments, "epoch": 1, **more}
    async with asyncio.timeout(10):
        return await agent.peers[0].client.ext_method(METHOD_TOOL_CALL, params)


async def test_a_frontend_tool_runs_in_the_tab_that_was_asked_and_in_no_other() -> None:
    tabs = [TabForTests(), TabForTests()]
    boxes = [ToolboxForTests(), ToolboxForTests()]
    async with running(AgentForTests()) as agent, living(link_to(agent, tabs[0], toolbox=boxes[0])):
        await tabs[0].first(Welcome)
        async with living(link_to(agent, tabs[1], toolbox=boxes[1])):
            await tabs[1].first(Welcome)
            answer = await call_tool(agent, "copy_to_clipboard", {"text": "secret"})
    assert answer == {"result": {"success": True, "characters": 6}}
    assert [box.copied for box in boxes] == [["secret"], []]
    assert [len(tab.all(ToolCalled)) for tab in tabs] == [1, 0]


async def test_a_run_that_is_asked_for_again_is_answered_and_not_done_again() -> None:
    tab, box = TabForTests(), ToolboxForTests()
    async with running(AgentForTests()) as agent, living(link_to(agent, tab, toolbox=box)):
        await tab.first(Welcome)
        answers = [
            await call_tool(agent, "copy_to_clipboard", {"text": "x"}, _meta={META_CLAIM: claim})
            for claim in ("one", "one", "two")
        ]
        for _ in range(2):
            await call_tool(agent, "copy_to_clipboard", {"text": "without a claim"})
    assert answers == [{"result": {"success": True, "characters": 1}}] * 3
    assert box.copied == ["x", "x", "without a claim", "without a claim"]


async def test_tools_that_cannot_run_answer_with_a_structured_error(caplog: pytest.LogCaptureFixture) -> None:
    tab = TabForTests()

    class Broken(ToolboxForTests):
        def copy_to_clipboard(self, text: str) -> None:
            raise RuntimeError("inner words")

    async with running(AgentForTests()) as agent, living(link_to(agent, tab, "iPhone", Broken())):
        await tab.first(Welcome)
        not_offered = await call_tool(agent, "read_file", {"path": "x"})
        unfit = await call_tool(agent, "change_bgm", {"track": "loud"})
        with caplog.at_level(logging.CRITICAL):
            bug = await call_tool(agent, "copy_to_clipboard", {"text": "x"})
        elsewhere = await call_tool(agent, "notify", {"message": "x"}, sessionId="session_of_another")
        await call_tool(agent, "notify", {"message": "x"}, epoch=3)
        outdated = await call_tool(agent, "notify", {"message": "x"}, epoch=2)
        with pytest.raises(acp.RequestError):
            await call_tool(agent, "notify", {"message": "x"}, epoch="many")
    assert not_offered == {"error": "This device does not offer the tool read_file."}
    assert unfit["result"]["success"] is False
    assert "must be an integer" in unfit["result"]["error"]
    assert bug["result"]["success"] is False
    assert "inner words" not in str(bug)
    assert "another holder" in elsewhere["error"]
    assert "another holder" in outdated["error"]


# --- news -------------------------------------------------------------------------------------------------


async def test_news_come_in_their_place_between_the_updates() -> None:
    async def gossip(peer: Peer, message_id: str, text: str) -> None:
        await peer.acknowledge(message_id, text)
        await peer.client.ext_notification(METHOD_STATE_CHANGED, {"key": "colour", "change": "stored"})
        await peer.speak("so")
        await peer.client.ext_notification(METHOD_NOTICE, {"message": "Redis is away."})
        await peer.client.ext_notification(METHOD_STATE_CHANGED, {"key": "colour", "change": "eaten"})
        await peer.end_turn(message_id)

    tab = TabForTests()
    async with running(AgentForTests(script=gossip)) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        await tab.end_of("m1")
    assert [happened for happened in tab.happened if not isinstance(happened, Welcome | Connecting)] == [
        UserSaid(MessageId("m1"), "hello"),
        StateChanged("colour", "stored"),
        AgentSaid("so"),
        Notice("Redis is away."),
        TurnEnded(MessageId("m1"), "end_turn"),
    ]
    assert tab.numbers == [1, 2, 3], "news have no number"


async def test_after_a_reset_the_updates_are_counted_from_one_again_and_no_question_is_open() -> None:
    async def ask_and_forget(peer: Peer, message_id: str, text: str) -> None:
        await peer.acknowledge(message_id, text)
        peer.seq = 40
        await peer.speak("before")
        answer = asyncio.create_task(asking_once(peer))
        await tab.first(ApprovalAsked)
        await peer.client.ext_notification(METHOD_WAS_RESET, {"message": "Everything is gone."})
        assert (await answer).outcome.outcome == "cancelled"
        peer.seq = 0
        await peer.speak("after")
        await peer.end_turn(message_id)

    async def asking_once(peer: Peer) -> Any:
        return await peer.client.request_permission(
            session_id=SESSION,
            tool_call=schema.ToolCallUpdate(tool_call_id="c1", title="Wait"),
            options=[schema.PermissionOption(option_id="y", name="Yes", kind="allow_once")],
        )

    tab = TabForTests()
    async with running(AgentForTests(script=ask_and_forget)) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        await tab.end_of("m1")
    assert tab.all(AgentSaid) == [AgentSaid("before"), AgentSaid("after")]
    assert tab.numbers == [1, 2, 1, 2]
    kinds = [type(happened).__name__ for happened in tab.happened[-5:]]
    assert kinds == ["ApprovalAsked", "ApprovalWithdrawn", "PersonReset", "AgentSaid", "TurnEnded"]
    assert tab.all(PersonReset) == [PersonReset("Everything is gone.")]


async def test_after_a_reset_a_call_of_the_new_conversation_is_not_taken_for_an_outdated_one() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent, living(link_to(agent, tab)):
        await tab.first(Welcome)
        await call_tool(agent, "notify", {"message": "x"}, epoch=7)
        assert "another holder" in (await call_tool(agent, "notify", {"message": "x"}, epoch=1))["error"]
        await agent.peers[0].client.ext_notification(METHOD_WAS_RESET, {"message": "Gone."})
        assert (await call_tool(agent, "notify", {"message": "x"}, epoch=1))["result"]["success"] is True


# --- a server that is not ours ----------------------------------------------------------------------------


async def test_any_acp_agent_can_be_talked_to() -> None:
    async def foreign(peer: Peer, _message_id: str, _text: str) -> str:
        await peer.update(acp.start_tool_call("c9", "Delete everything", kind="delete", raw_input={"path": "/"}))
        answer = await peer.client.request_permission(
            session_id=SESSION,
            tool_call=schema.ToolCallUpdate(tool_call_id="c9"),
            options=[
                schema.PermissionOption(option_id="yes-7", name="Yes", kind="allow_once"),
                schema.PermissionOption(option_id="no-7", name="No", kind="reject_once"),
            ],
        )
        await peer.speak(answer.outcome.option_id)
        return "max_tokens"

    tab = TabForTests()
    agent = AgentForTests(script=foreign, is_ringback=False)
    async with running(agent), living(link_to(agent, tab)) as link:
        welcome = await tab.first(Welcome)
        say(link, "m1")
        asked = await tab.first(ApprovalAsked)
        link.answer(ApprovalAnswered(asked.call_id, Choice.REJECT_ONCE))
        ended = await tab.end_of("m1")
    assert (welcome.signature, welcome.model.label, welcome.model.scripted) == ("", "agent-for-tests", False)
    assert (asked.name, asked.kind, asked.arguments) == ("Delete everything", "delete", {"path": "/"})
    assert "not known" in asked.risk
    assert asked.choices == (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)
    assert tab.all(UserSaid) == [UserSaid(MessageId("m1"), "hello")]
    assert tab.all(AgentSaid) == [AgentSaid("no-7")]
    assert ended.stop_reason == "max_tokens"


async def test_cancelling_at_a_foreign_agent_closes_the_open_questions() -> None:
    async def foreign(peer: Peer, _message_id: str, _text: str) -> str:
        answer = await peer.client.request_permission(
            session_id=SESSION,
            tool_call=schema.ToolCallUpdate(tool_call_id="c9", title="Wait"),
            options=[schema.PermissionOption(option_id="y", name="Yes", kind="allow_once")],
        )
        assert answer.outcome.outcome == "cancelled"
        return "cancelled"

    tab = TabForTests()
    agent = AgentForTests(script=foreign, is_ringback=False)
    async with running(agent), living(link_to(agent, tab)) as link:
        say(link, "m1")
        await tab.first(ApprovalAsked)
        link.cancel()
        ended = await tab.end_of("m1")
    assert ended == TurnEnded(MessageId("m1"), "cancelled")
    assert len(tab.all(ApprovalWithdrawn)) == 1
    assert agent.peers[0].cancelled.is_set()


# --- coming and going -------------------------------------------------------------------------------------


async def test_a_lost_connection_is_told_and_a_new_session_opened() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent, living(link_to(agent, tab)) as link:
        await tab.first(Welcome)
        agent.peers[0].websocket.transport.abort()
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
        say(link, "m1")
        await tab.end_of("m1")
    kinds = [type(happened).__name__ for happened in tab.happened[:5]]
    assert kinds == ["Connecting", "Welcome", "Lost", "Connecting", "Welcome"]
    assert tab.numbers == [1, 2, 3], "the numbers begin anew with the session"


async def test_messages_never_sent_are_sent_after_reconnecting_and_unconfirmed_ones_are_reported() -> None:
    gone = asyncio.Event()

    async def vanish(peer: Peer, _message_id: str, _text: str) -> None:
        peer.websocket.transport.abort()
        gone.set()

    tab = TabForTests()
    agent = AgentForTests(script=vanish)
    async with running(agent), living(link_to(agent, tab)) as link:
        await tab.first(Welcome)
        say(link, "sent")
        await gone.wait()
        agent.script = echo
        await tab.first(Lost)
        say(link, "kept")
        await tab.end_of("kept")
    ended = await tab.end_of("sent")
    assert ended.problem is not None
    assert "may have been taken" in ended.problem.message
    assert [message_id for message_id, _ in agent.prompted] == ["sent", "kept"], "nothing was repeated"


async def test_a_question_open_when_the_connection_breaks_is_taken_back() -> None:
    tab = TabForTests()
    async with running(AgentForTests(script=asking())) as agent, living(link_to(agent, tab)) as link:
        say(link, "m1")
        await tab.first(ApprovalAsked)
        agent.peers[0].websocket.transport.abort()
        await tab.first(Lost)
    assert [withdrawn.call_id for withdrawn in tab.all(ApprovalWithdrawn)] == [ToolCallId("c1")]
    assert not tab.all(TurnEnded), "an acknowledged message was taken: nothing is reported about it"


async def test_cancelling_before_the_connection_drops_what_waits() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent:
        link = link_to(agent, tab)
        say(link, "m1")
        link.cancel()
        async with living(link):
            await tab.first(Welcome)
            say(link, "m2")
            await tab.end_of("m2")
    assert (await tab.end_of("m1")).stop_reason == "cancelled"
    assert agent.prompted == [("m2", "hello")]


async def test_while_no_server_answers_it_tries_again_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.link.backoff.FIRST", 0.01)
    tab = TabForTests()
    async with running(AgentForTests()) as agent:
        port = int(agent.endpoint.url.rsplit(":", 1)[1].removesuffix("/acp"))
    link = link_to(agent, tab)
    async with living(link):
        await tab.until(lambda: len(tab.all(Connecting)) >= 3)
        async with running(agent, port):
            await tab.first(Welcome)
    attempts = tab.all(Connecting)
    assert [connecting.attempt for connecting in attempts[:3]] == [1, 2, 3]
    assert attempts[0].reason == ""
    assert "No server answers at" in attempts[1].reason


@pytest.mark.parametrize(
    ("agent", "sentence"),
    [
        (AgentForTests(refusal=(401, "no\n")), "does not accept the token"),
        (AgentForTests(refusal=(404, "There is nothing here.\n")), "There is nothing here."),
        (AgentForTests(protocol_version=2), "version 2 of the protocol"),
    ],
)
async def test_a_server_that_will_never_let_it_in_ends_the_link_with_a_sentence(
    agent: AgentForTests, sentence: str
) -> None:
    tab = TabForTests()
    async with running(agent), asyncio.timeout(20):
        await link_to(agent, tab).run()
    assert sentence in tab.all(Failed)[0].message


async def test_a_server_without_room_is_tried_again() -> None:
    tab = TabForTests()
    agent = AgentForTests(refusal=(503, "All 200 connections of this server are taken.\n"))
    async with running(agent), living(link_to(agent, tab)):
        await tab.until(lambda: len(tab.all(Connecting)) == 2)
        agent.refusal = None
        await tab.first(Welcome)
    assert "All 200 connections" in tab.all(Connecting)[1].reason


async def test_a_local_server_that_does_not_come_up_ends_the_link_with_its_sentence() -> None:
    async def find() -> Endpoint:
        raise ServerDidNotStartError("The folder cannot be written.")

    tab = TabForTests()
    agent = AgentForTests()
    agent.find = find  # type: ignore[method-assign]
    async with asyncio.timeout(10):
        await link_to(agent, tab).run()
    assert tab.all(Failed) == [Failed("The folder cannot be written.")]


async def test_closing_ends_a_link_that_waits_to_try_again_and_one_that_never_ran() -> None:
    tab = TabForTests()
    agent = AgentForTests(endpoint=Endpoint("ws+unix:///nowhere/at/all.sock:/acp"))
    link = link_to(agent, tab)
    async with living(link):
        await tab.until(lambda: len(tab.all(Connecting)) == 2)
    unborn = link_to(agent, tab)
    await unborn.close()
    await unborn.run()


async def test_garbage_from_the_server_is_skipped() -> None:
    tab = TabForTests()
    async with running(AgentForTests()) as agent, living(link_to(agent, tab)) as link:
        await tab.first(Welcome)
        for garbage in (
            "{",
            "[1]",
            "7",
            "null",
            '{"id": [1], "result": 1}',
            '{"id": 1, "error": "x"}',
            "{}",
            "[" * 9999,
        ):
            await agent.peers[0].websocket.send(garbage)
        await agent.peers[0].websocket.send(b"\x00\x01")
        await agent.peers[0].client.ext_notification(METHOD_APPROVAL_WITHDRAWN, {"sessionId": 3})
        say(link, "m1")
        await tab.end_of("m1")
    assert len(agent.peers) == 1
