"""One client over a real socket: what it may announce, ask and be asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import ANY

import pytest

from server.context import TurnContext
from server.core.identity import Scope, identity_named
from server.core.session_key import SessionKey
from shared.acp_names import META_CLAIM
from shared.catalog import change_bgm, read_file
from shared.errors import TurnFailedError
from shared.frames import AgentSaid
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec
from tests.server.agent_for_tests import use
from tests.server.gateway.client_for_tests import Client, Piece, choosing, listening, until_cancelled
from tests.server.gateway.keys_for_tests import KeysInMemory, new_key

PERMISSION = "session/request_permission"


def using(spec: ToolSpec, arguments: JsonObject) -> Any:
    """A script that has the tab run one tool, after asking, and says its result as JSON."""

    async def script(turn: TurnContext) -> AsyncIterator[Piece]:
        yield AgentSaid(json.dumps(await use(turn, "call-1", spec, arguments)))

    return script


async def said(client: Client, session_id: str) -> Any:
    """What the script said, once the turn is over."""
    await client.prompt(session_id, "go")
    chunk = await client.until(lambda frame: _kind(frame) == "agent_message_chunk")
    return json.loads(chunk["params"]["update"]["content"]["text"])


def _kind(frame: dict[str, Any]) -> str | None:
    kind: str | None = frame.get("params", {}).get("update", {}).get("sessionUpdate")
    return kind


# --- initialize, session/new ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["session/new", "session/prompt"])
async def test_initialize_comes_first(method: str) -> None:
    async with listening() as gateway, gateway.client() as tab:
        answer = await tab.ask(method, {"cwd": "/", "mcpServers": [], "sessionId": "x", "prompt": []})
        assert answer["error"]["code"] == -32602
        assert "initialize" in answer["error"]["message"]
        assert "result" in await tab.introduce()
        assert "already" in (await tab.introduce())["error"]["message"]


@pytest.mark.parametrize("version", [0, 1, 2, 65535])
async def test_version_1_is_answered_to_every_version(version: int) -> None:
    async with listening() as gateway, gateway.client() as tab:
        answer = await tab.ask("initialize", {"protocolVersion": version})
    assert answer["result"]["protocolVersion"] == 1
    assert answer["result"]["agentInfo"]["name"] == "ringback"


def tool(**changed: Any) -> dict[str, Any]:
    return {"name": "shake", "description": "Shake it", "inputSchema": {"type": "object"}, **changed}


@pytest.mark.parametrize(
    "meta",
    [
        {"ringback/device": "PC"},
        {"ringback/device": {"id": "1", "label": "PC"}},
        {"ringback/device": {"id": 1, "label": "PC", "kind": "pc"}},
        {"ringback/device": {"id": "", "label": "PC", "kind": "pc"}},
        {"ringback/device": {"id": "1", "label": "P\x1b[31mC", "kind": "pc"}},
        {"ringback/device": {"id": "1", "label": "P" * 129, "kind": "pc"}},
        {"ringback/tools": {}},
        {"ringback/tools": [[]]},
        {"ringback/tools": [tool(name="")]},
        {"ringback/tools": [tool(name="a b")]},
        {"ringback/tools": [tool(name="a" * 65)]},
        {"ringback/tools": [tool(name="calculate")]},
        {"ringback/tools": [tool(name="forget")]},
        {"ringback/tools": [tool(name="adk_request_credential")]},
        {"ringback/tools": [tool(), tool(name="adk_")]},
        {"ringback/tools": [tool(description=5)]},
        {"ringback/tools": [tool(description="x" * 4001)]},
        {"ringback/tools": [tool(inputSchema=[])]},
        {"ringback/tools": [tool(inputSchema={"type": "string"})]},
        {"ringback/tools": [tool(inputSchema={"type": "object", "description": "x" * 20_000})]},
        {"ringback/tools": [tool(), tool()]},
        {"ringback/tools": [tool(name=f"shake_{number}") for number in range(65)]},
    ],
    ids=lambda meta: json.dumps(meta)[:60],
)
async def test_a_wrong_announcement_is_refused_and_can_be_made_again(meta: dict[str, Any]) -> None:
    async with listening() as gateway, gateway.client() as tab:
        answer = await tab.introduce(capabilities={"_meta": meta})
        assert answer["error"]["code"] == -32602
        assert answer["error"]["message"].startswith(next(iter(meta)))
        assert "result" in await tab.introduce()


@pytest.mark.parametrize("cwd", ["", ".", "home", "~/x", "a\0b", "/a\0b"])
async def test_the_folder_of_a_session_is_absolute(cwd: str) -> None:
    async with listening() as gateway, gateway.client() as tab:
        await tab.introduce()
        answer = await tab.ask("session/new", {"cwd": cwd, "mcpServers": []})
        assert answer["error"]["code"] == -32602


async def test_commands_are_offered_only_after_the_session_is_named() -> None:
    async with listening() as gateway, gateway.client() as tab:
        for nth in (1, 2, 3):
            if nth == 1:
                await tab.introduce()
            opened = await tab.ask("session/new", {"cwd": "/", "mcpServers": []})
            offered = await tab.until_method("session/update", nth)
            assert offered["params"]["sessionId"] == opened["result"]["sessionId"]
            assert offered["params"]["update"]["availableCommands"][0]["name"] == "tool"
            assert tab.frames.index(opened) < tab.frames.index(offered)


async def test_further_sessions_of_a_connection_are_counted_up_to_a_limit() -> None:
    async with listening() as gateway, gateway.client() as tab:
        first = await tab.open()
        answers = [await tab.ask("session/new", {"cwd": "/", "mcpServers": []}) for _ in range(32)]
    assert answers[0]["result"]["sessionId"] == f"{first}-2"
    assert [("error" in answer) for answer in answers] == [False] * 31 + [True]
    assert answers[-1]["error"]["code"] == -32014


# --- session/prompt ---------------------------------------------------------------------------------------


async def test_a_message_is_acknowledged_with_its_own_id_and_the_updates_are_numbered() -> None:
    async with listening() as gateway, gateway.client() as tab:
        session_id = await tab.open()
        answer = await tab.prompt(session_id, "hello", **{"ringback/messageId": "message-1"})
        assert answer["result"] == {"stopReason": "end_turn"}
        updates = [frame["params"] for frame in tab.frames if frame.get("method") == "session/update"]
        ended = [frame["params"] for frame in tab.frames if frame.get("method") == "_ringback/turn/ended"]
    kinds = [params["update"]["sessionUpdate"] for params in updates]
    assert kinds == ["available_commands_update", "user_message_chunk", "agent_message_chunk"]
    assert "_meta" not in updates[0], "the commands are no part of the conversation"
    assert [params["_meta"]["ringback/seq"] for params in updates[1:]] == [1, 2]
    assert updates[1]["update"]["_meta"] == {"ringback/messageId": "message-1"}
    assert ended == [{"sessionId": session_id, "messageId": "message-1", "stopReason": "end_turn", "seq": 3}]


async def test_meta_cannot_overrule_what_a_request_says() -> None:
    async with listening() as gateway, gateway.client() as tab:
        session_id = await tab.open()
        params = {"sessionId": session_id, "prompt": [{"type": "text", "text": "hello"}]}
        answer = await tab.ask("session/prompt", {**params, "_meta": {"session_id": "x", "prompt": 5, "self": 1}})
        assert answer["result"] == {"stopReason": "end_turn"}


async def test_a_link_is_mentioned_and_other_content_is_refused() -> None:
    link = {"type": "resource_link", "name": "notes.txt", "uri": "file:///notes.txt"}
    image = {"type": "image", "data": "", "mimeType": "image/png"}
    async with listening() as gateway, gateway.client() as tab:
        session_id = await tab.open()
        params = {"sessionId": session_id, "prompt": [{"type": "text", "text": "read"}, link]}
        assert "result" in await tab.ask("session/prompt", params)
        chunk = await tab.until(lambda frame: _kind(frame) == "agent_message_chunk")
        assert chunk["params"]["update"]["content"]["text"] == "read\n[notes.txt](file:///notes.txt)"
        odd: list[Any] = [[image], [], [{"type": "text", "text": "  "}], [{"type": "video"}], "text", [{}]]
        for prompt in odd:
            answer = await tab.ask("session/prompt", {"sessionId": session_id, "prompt": prompt})
            assert answer["error"]["code"] == -32602, prompt


@pytest.mark.parametrize("message_id", [5, "", "x" * 129, ["a"], "a\nb"])
async def test_a_message_id_is_a_short_word(message_id: Any) -> None:
    async with listening() as gateway, gateway.client() as tab:
        session_id = await tab.open()
        answer = await tab.prompt(session_id, "hello", **{"ringback/messageId": message_id})
        assert answer["error"]["code"] == -32602


async def test_a_session_that_another_device_of_the_person_holds_is_refused_and_names_that_device() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        theirs = await other.open()
        await tab.open()
        answer = await tab.prompt(theirs, "hello")
        assert answer["error"]["code"] == -32010
        assert answer["error"]["data"] == {"ringback/holder": {"id": "device-1", "label": "PC", "kind": "pc"}}
        assert not [frame for frame in other.frames if _kind(frame) == "user_message_chunk"]


async def test_a_session_of_somebody_else_is_as_unknown_as_an_invented_one() -> None:
    keys = KeysInMemory()
    text, key = new_key(identity_named("acme", "ada"), Scope.CHAT)
    await keys.create(key)
    async with (
        listening(keys=keys) as gateway,
        gateway.client() as tab,
        gateway.client(Authorization=f"Bearer {text}") as other,
    ):
        theirs = await other.open()
        await tab.open()
        foreign, invented = await tab.prompt(theirs, "hello"), await tab.prompt("session_x", "hello")
        assert foreign["error"] == invented["error"]
        assert foreign["error"]["code"] == -32011


async def test_a_failed_turn_answers_with_its_code_and_sentence() -> None:
    async def fail(turn: TurnContext) -> AsyncIterator[Piece]:
        yield AgentSaid("Well,")
        raise TurnFailedError("The model is away. Try again.")

    async with listening(fail) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        answer = await tab.prompt(session_id, "hello")
        ended = await tab.until_method("_ringback/turn/ended")
    assert answer["error"]["code"] == -32013
    assert answer["error"]["message"] == "The model is away. Try again."
    assert ended["params"]["error"] == {"code": -32013, "message": "The model is away. Try again."}


async def test_cancel_ends_the_turn_as_cancelled() -> None:
    async with listening(until_cancelled) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        number = await tab.begin("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]})
        await tab.until(lambda frame: _kind(frame) == "user_message_chunk")
        await tab.notify("session/cancel", {"sessionId": session_id})
        answer = await tab.until(lambda frame: frame.get("id") == number)
        assert answer["result"] == {"stopReason": "cancelled"}


# --- approvals and frontend tools -------------------------------------------------------------------------


async def test_an_approval_offers_exactly_five_answers_in_order() -> None:
    async with listening(using(change_bgm.SPEC, {"track": 1})) as gateway, gateway.client() as tab:
        tab.answers[PERMISSION] = choosing("reject_once")
        await said(tab, await tab.open())
        asked = (await tab.until_method(PERMISSION))["params"]
    assert [(option["optionId"], option["kind"]) for option in asked["options"]] == [
        ("allow_once", "allow_once"),
        ("allow_exact", "allow_always"),
        ("allow_tool", "allow_always"),
        ("reject_once", "reject_once"),
        ("reject_tool", "reject_always"),
    ]
    assert asked["toolCall"]["rawInput"] == {"track": 1}
    assert set(asked["_meta"]["ringback/approval"]) == {
        "id",
        "name",
        "risk",
        "argumentsHash",
        "expiresAt",
        "expiresIn",
        "editable",
        "askedBy",
    }


async def test_an_allowed_tool_runs_in_the_tab_and_its_dict_comes_back() -> None:
    async def run(params: Any) -> dict[str, Any]:
        return {"result": {"result": {"success": True, "track": params["arguments"]["track"]}}}

    async with listening(using(change_bgm.SPEC, {"track": 7})) as gateway, gateway.client() as tab:
        tab.answers |= {PERMISSION: choosing("allow_once"), "_ringback/tool/call": run}
        session_id = await tab.open()
        assert await said(tab, session_id) == {"success": True, "track": 7}
        called = (await tab.until_method("_ringback/tool/call"))["params"]
    assert called == {
        "sessionId": session_id,
        "toolCallId": "call-1",
        "name": "change_bgm",
        "arguments": {"track": 7},
        "epoch": 1,
        "_meta": {META_CLAIM: ANY},
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"result": {"error": "No speaker."}}, "No speaker."),
        ({"error": {"code": -32603, "message": "Broken."}}, "Broken."),
        ({"result": None}, "The device answered without a result."),
        ({"result": []}, "The device answered without a result."),
        ({"result": {"result": 5}}, "The device answered without a result."),
        ({"error": "text"}, "The answer makes no sense."),
        ({}, "The answer makes no sense."),
    ],
)
async def test_every_odd_answer_of_a_tool_is_an_error_for_the_model(answer: dict[str, Any], error: str) -> None:
    async def run(_: Any) -> dict[str, Any]:
        return answer

    async with listening(using(change_bgm.SPEC, {"track": 7})) as gateway, gateway.client() as tab:
        tab.answers |= {PERMISSION: choosing("allow_once"), "_ringback/tool/call": run}
        assert await said(tab, await tab.open()) == {"success": False, "error": error}


@pytest.mark.parametrize(
    "outcome",
    [
        {"outcome": {"outcome": "cancelled"}},
        {"outcome": {"outcome": "selected", "optionId": "allow_everything"}},
        {"outcome": {"outcome": "selected"}},
        {"outcome": "allow_once"},
        {"optionId": "allow_once"},
        {},
        None,
    ],
)
async def test_an_answer_that_is_none_of_ours_runs_nothing(outcome: Any) -> None:
    async def answer(_: Any) -> dict[str, Any]:
        return {"result": outcome}

    async with listening(using(change_bgm.SPEC, {"track": 1})) as gateway, gateway.client() as tab:
        tab.answers[PERMISSION] = answer
        result = await said(tab, await tab.open())
        assert result == {"success": False, "error": "The approval was closed without an answer."}
        assert not [frame for frame in tab.frames if frame.get("method") == "_ringback/tool/call"]


async def test_edited_arguments_that_do_not_fit_run_nothing_and_the_tab_and_the_model_are_told() -> None:
    async def answer(_: Any) -> dict[str, Any]:
        outcome = {"outcome": "selected", "optionId": "allow_once"}
        return {"result": {"outcome": outcome, "_meta": {"ringback/arguments": {"track": "two"}}}}

    async with listening(using(change_bgm.SPEC, {"track": 1})) as gateway, gateway.client() as tab:
        tab.answers[PERMISSION] = answer
        error = "The user changed the arguments so that change_bgm cannot run with them: track must be of type integer."
        assert await said(tab, await tab.open()) == {"success": False, "error": error}
        changed = await tab.until(lambda frame: _kind(frame) == "tool_call_update")
        assert changed["params"]["update"]["status"] == "failed"
        assert error in json.dumps(changed)
        assert not [frame for frame in tab.frames if frame.get("method") == "_ringback/tool/call"]


async def test_the_approval_is_shown_only_in_the_tab_that_asked() -> None:
    async with (
        listening(using(change_bgm.SPEC, {"track": 1})) as gateway,
        gateway.client() as tab,
        gateway.client() as other,
    ):
        await other.open()
        tab.answers[PERMISSION] = choosing("reject_once")
        other.answers[PERMISSION] = choosing("allow_once")
        assert (await said(tab, await tab.open()))["success"] is False
        assert not [frame for frame in other.frames if frame.get("method") == PERMISSION]


async def test_a_tab_that_goes_while_it_is_asked_leaves_the_question_to_whoever_comes() -> None:
    async with listening(using(change_bgm.SPEC, {"track": 1})) as gateway:
        async with gateway.client() as tab:
            session_id = await tab.open()
            await tab.begin("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]})
            asked = await tab.until_method(PERMISSION)
        async with gateway.client() as next_one:
            await next_one.introduce()
            next_one.answers[PERMISSION] = choosing("reject_once")
            await next_one.ask("session/load", {"sessionId": session_id, "cwd": "/", "mcpServers": []})
            again = await next_one.until_method(PERMISSION)
            assert again["params"]["toolCall"]["toolCallId"] == asked["params"]["toolCall"]["toolCallId"] == "call-1"
            ended = await next_one.until_method("_ringback/turn/ended")
            assert ended["params"]["stopReason"] == "end_turn"


async def test_a_tab_that_is_gone_leaves_no_conversation_behind() -> None:
    async with listening() as gateway:
        async with gateway.client() as tab:
            session_id = await tab.open()
            await tab.prompt(session_id, "hello")
            assert gateway.sessions._holdings._leases
        async with asyncio.timeout(5):
            while gateway.sessions._holdings._leases or gateway.listener.connections:
                await asyncio.sleep(0.01)
        assert gateway.sessions.running_turns == 0


# --- standard clients -------------------------------------------------------------------------------------

STANDARD = {"fs": {"readTextFile": True, "writeTextFile": True}, "terminal": True}


async def test_a_standard_client_never_sees_an_addition_of_ours() -> None:
    async with listening(using(change_bgm.SPEC, {"track": 1})) as gateway, gateway.client() as tab:
        session_id = await tab.open(capabilities={})
        assert await said(tab, session_id) == {
            "success": False,
            "error": "This device does not offer the tool change_bgm.",
        }
        assert not [frame for frame in tab.frames if frame.get("method", "").startswith("_")]


async def test_a_standard_client_that_lends_its_files_is_asked_for_them_with_absolute_paths() -> None:
    async def read(params: Any) -> dict[str, Any]:
        return {"result": {"content": "line 3"}}

    arguments: JsonObject = {"path": "notes/a.txt", "line": 3, "limit": 1}
    async with listening(using(read_file.SPEC, arguments)) as gateway, gateway.client() as tab:
        tab.answers |= {PERMISSION: choosing("allow_once"), "fs/read_text_file": read}
        session_id = await tab.open(cwd="/home/someone", capabilities=STANDARD)
        result = await said(tab, session_id)
        asked = (await tab.until_method("fs/read_text_file"))["params"]
        assert not [frame for frame in tab.frames if frame.get("method", "").startswith("_")]
    assert asked == {"sessionId": session_id, "path": "/home/someone/notes/a.txt", "line": 3, "limit": 1}
    assert result == {"success": True, "path": "/home/someone/notes/a.txt", "content": "line 3"}


@pytest.mark.parametrize(
    ("cwd", "path", "whole"),
    [
        ("/home", "/etc/hosts", "/etc/hosts"),
        ("C:\\Users\\x", "a.txt", "C:\\Users\\x\\a.txt"),
        ("C:\\Users\\x", "D:\\a.txt", "D:\\a.txt"),
    ],
)
async def test_a_path_is_joined_as_the_clients_system_does(cwd: str, path: str, whole: str) -> None:
    async def read(params: Any) -> dict[str, Any]:
        return {"result": {"content": params["path"]}}

    async with listening(using(read_file.SPEC, {"path": path})) as gateway, gateway.client() as tab:
        tab.answers |= {PERMISSION: choosing("allow_once"), "fs/read_text_file": read}
        assert (await said(tab, await tab.open(cwd=cwd, capabilities=STANDARD)))["content"] == whole


@pytest.mark.parametrize(
    ("arguments", "answer", "error"),
    [
        ({"path": "a"}, {"error": {"code": -32002, "message": "No such file."}}, "No such file."),
        ({"path": "a"}, {"result": {}}, "The device answered without the file's content."),
        ({"path": 5}, {}, "The path is a text that is not empty."),
        ({}, {}, "The path is a text that is not empty."),
    ],
)
async def test_a_file_that_cannot_be_read_is_an_error_for_the_model(
    arguments: JsonObject, answer: dict[str, Any], error: str
) -> None:
    async def read(_: Any) -> dict[str, Any]:
        return answer

    async with listening(using(read_file.SPEC, arguments)) as gateway, gateway.client() as tab:
        tab.answers |= {PERMISSION: choosing("allow_once"), "fs/read_text_file": read}
        result = await said(tab, await tab.open(capabilities=STANDARD))
        assert result == {"success": False, "error": error}


async def test_the_risk_and_the_arguments_stand_where_a_standard_client_shows_them() -> None:
    async with listening(using(read_file.SPEC, {"path": "secret.txt"})) as gateway, gateway.client() as tab:
        tab.answers[PERMISSION] = choosing("reject_once")
        await said(tab, await tab.open(capabilities=STANDARD))
        shown = (await tab.until_method(PERMISSION))["params"]["toolCall"]["content"][0]["content"]["text"]
    assert read_file.SPEC.risk in shown
    assert "secret.txt" in shown


async def test_cancelling_wakes_and_begins_nothing() -> None:
    async with listening() as gateway, gateway.client() as tab:
        session_id = await tab.open()
        talk = gateway.sessions.live[0]
        gateway.sessions._forget(SessionKey(talk.context.identity, talk.context.session_id), talk)
        await tab.notify("session/cancel", {"sessionId": session_id})
        await tab.ask("session/no such thing", {})
        assert gateway.sessions.live == ()
