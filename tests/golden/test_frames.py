"""Every message our server sends, captured from a real run, against a file each, the SDK's models and ACP's schema.

``acp_schema_v1.json`` is the schema that ACP publishes (npm package ``@agentclientprotocol/sdk`` 2.4.0, Apache-2.0,
``schema/v1/schema.json``), without its descriptions. With ``RINGBACK_WRITE_GOLDEN=1`` the files are written anew; read
the difference before you keep it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import jsonschema
import pytest
from acp import schema
from pydantic import BaseModel

from server.context import TurnContext
from shared.acp_names import (
    META_LAST_SEQ,
    META_TAKE_OVER,
    METHOD_DEVICES_LIST,
    METHOD_HANDED,
    METHOD_HANDOFF,
    METHOD_MOVED,
    METHOD_REDEEM,
)
from shared.catalog import change_bgm, read_file
from shared.errors import TurnFailedError
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, UsageChanged
from shared.json_types import JsonObject
from shared.news import Notice
from shared.todos import Todo
from shared.usage import TokenUsage
from tests.server.agent_for_tests import use
from tests.server.gateway.client_for_tests import Client, Piece, choosing, listening

FOLDER = Path(__file__).parent / "frames"
ACP = json.loads((Path(__file__).parent / "acp_schema_v1.json").read_text(encoding="utf-8"))
IS_WRITING = os.environ.get("RINGBACK_WRITE_GOLDEN") == "1"

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")

SECONDS = re.compile(r'(?<="expiresIn": )9\.9\d*')
SECRET = re.compile(r'(?<="ringback/leaseSecret": ")[\w-]{43}(?=")')
CODE = re.compile(r'(?<="code": ")[A-Z2-9]{12}(?=")')

ANSWERS: dict[str, tuple[str, type[BaseModel]]] = {
    "initialize": ("InitializeResponse", schema.InitializeResponse),
    "session_new": ("NewSessionResponse", schema.NewSessionResponse),
    "session_prompt": ("PromptResponse", schema.PromptResponse),
    "session_load": ("LoadSessionResponse", schema.LoadSessionResponse),
    "session_resume": ("ResumeSessionResponse", schema.ResumeSessionResponse),
    "session_resume_gap": ("ResumeSessionResponse", schema.ResumeSessionResponse),
    "session_close": ("CloseSessionResponse", schema.CloseSessionResponse),
}
CALLS: dict[str, tuple[str, type[BaseModel]]] = {
    "session/update": ("SessionNotification", schema.SessionNotification),
    "session/request_permission": ("RequestPermissionRequest", schema.RequestPermissionRequest),
    "fs/read_text_file": ("ReadTextFileRequest", schema.ReadTextFileRequest),
}
OURS = {
    "_ringback/tool/call",
    "_ringback/approval/withdrawn",
    "_ringback/turn/ended",
    "_ringback/state/changed",
    "_ringback/notice",
    "_ringback/wasReset",
    "_ringback/answer/restarted",
    "_ringback/session/moved",
    "_ringback/session/handed",
    "_ringback/devices/changed",
}
ASKED = {
    "ringback/state/set": {"key": "colours", "data": {"sky": "blue"}},
    "ringback/state/get": {"key": "colours"},
    "ringback/state/list": {},
    "ringback/state/delete": {"key": "colours"},
    "ringback/metrics": {},
    "ringback/grants/list": {},
    "ringback/grants/log": {"last": 1},
    "ringback/grants/revoke": {"all": True},
    "ringback/reset": {"confirm": True},
}
"""What is asked for beside a conversation, in this order."""
NAMES = {
    "initialize",
    "session_new",
    "session_prompt",
    "session_load",
    "session_resume",
    "session_resume_gap",
    "session_close",
    "ringback_session_handoff",
    "ringback_session_redeem",
    "ringback_devices_list",
    "ringback_session_moved",
    "ringback_session_handed",
    "ringback_devices_changed",
    "ringback_answer_restarted",
    "error_session_held",
    "error_turn_failed",
    "error_unknown_session",
    "error_bad_request",
    "error_unknown_method",
    "error_no_json",
    "update_available_commands_update",
    "update_user_message_chunk",
    "update_agent_message_chunk",
    "update_agent_thought_chunk",
    "update_tool_call",
    "update_tool_call_update_in_progress",
    "update_tool_call_update_completed",
    "update_tool_call_update_failed",
    "update_usage_update",
    "session_request_permission",
    "fs_read_text_file",
    "ringback_tool_call",
    "ringback_approval_withdrawn",
    "ringback_turn_ended",
    "ringback_turn_ended_failed",
    "update_plan",
    "ringback_state_changed",
    "ringback_notice",
    "ringback_wasReset",
    *(method.replace("/", "_") for method in ASKED),
}


async def script(turn: TurnContext) -> AsyncIterator[Piece]:
    """Does what the message says, so that every kind of update is sent once."""
    match turn.text:
        case "talk":
            yield AgentThought("Let me think.")
            yield AgentSaid("Hello, no.")
            yield AnswerRestarted(said=6, thought=14)
            yield AgentSaid("there.")
            yield UsageChanged(0, 1_000_000, session=TokenUsage(1, 2, 3), user=TokenUsage(10, 20, 30))
            await turn.plan((Todo("Write tests", "in_progress", "high"), Todo("Ship")))
        case "play":
            await use(turn, "call-1", change_bgm.SPEC, {"track": 1, "note": None})
        case "refuse":
            await use(turn, "call-2", change_bgm.SPEC, {"track": 2})
        case "withdraw":
            await use(turn, "call-3", change_bgm.SPEC, {"track": 3})
        case "read":
            await use(turn, "call-4", read_file.SPEC, {"path": "a.txt", "line": 1, "limit": 2})
        case _:
            raise TurnFailedError("The model is away. Try again.")


@pytest.fixture(scope="module")
def frames() -> dict[str, dict[str, Any]]:
    """One of each message, by the name of its file; ids and times are made the same for every run."""
    sent = asyncio.run(_run())
    named: dict[str, dict[str, Any]] = {}
    for asked, frame in sent:
        named.setdefault(_name(asked, frame), frame)
    return {name: _same_for_every_run(frame) for name, frame in named.items()}


async def _run() -> list[tuple[str | None, dict[str, Any]]]:
    async def play(params: Any) -> dict[str, Any]:
        return {"result": {"result": {"success": True, "track": params["arguments"]["track"], "title": None}}}

    async def read(_: Any) -> dict[str, Any]:
        return {"result": {"content": "one\ntwo\n"}}

    async with listening(script) as gateway:
        async with gateway.client() as tab, gateway.client() as other:
            await other.open()
            tab.answers |= {"session/request_permission": choosing("allow_exact"), "_ringback/tool/call": play}
            session_id = await tab.open()
            asked: dict[str, str] = {"request-1": "initialize", "request-2": "session_new"}
            for text in ("talk", "play", "fail"):
                asked[(await _say(tab, session_id, text))["id"]] = "session_prompt"
            tab.answers["session/request_permission"] = choosing("reject_once")
            asked[(await _say(tab, session_id, "refuse"))["id"]] = "session_prompt"
            del tab.answers["session/request_permission"]
            waiting = await tab.begin("session/prompt", _prompt(session_id, "withdraw"))
            asked[waiting] = "session_prompt"
            await tab.until_method("session/request_permission", 3)
            await tab.notify("session/cancel", {"sessionId": session_id})
            await tab.until(lambda frame: frame.get("id") == waiting)
            asked[(await _say(tab, "no such session", "talk"))["id"]] = "session_prompt"
            await tab.ask("session/new", {"cwd": "here", "mcpServers": []})
            await tab.ask("no/such_method", {})
            await tab.send("{")
            await tab.until(lambda frame: "id" in frame and frame["id"] is None)
            asked_by_other = await _hand_around(tab, other, session_id, asked)
            for method, params in ASKED.items():
                asked[(await tab.ask(f"_{method}", params))["id"]] = method.replace("/", "_")
            await other.until_method("_ringback/state/changed")
            gateway.audience.tell_all(Notice("The server has something to say."))
            await tab.until_method("_ringback/notice")
            sent_to_other = [
                (asked_by_other.get(str(frame.get("id"))), frame)
                for frame in other.frames
                if str(frame.get("id")) in asked_by_other or frame.get("method", "").startswith("_")
            ]
            sent = [(asked.get(str(frame.get("id"))), frame) for frame in tab.frames]
        async with gateway.client() as standard:
            standard.answers |= {"session/request_permission": choosing("allow_once"), "fs/read_text_file": read}
            session_id = await standard.open(capabilities={"fs": {"readTextFile": True}})
            await _say(standard, session_id, "read")
            sent += [(None, frame) for frame in standard.frames if frame.get("method") == "fs/read_text_file"]
    return sent + sent_to_other


async def _hand_around(tab: Client, other: Client, session_id: str, asked: dict[str, str]) -> dict[str, str]:
    """The conversation goes to the other tab and back, by each way that there is; what the other one asked."""
    named: JsonObject = {"sessionId": session_id, "cwd": "/", "mcpServers": []}
    refused = await other.ask("session/load", named)
    taken = await other.ask("session/resume", {**named, "_meta": {META_LAST_SEQ: 0, META_TAKE_OVER: True}})
    await tab.until_method(f"_{METHOD_MOVED}")
    back: JsonObject = {META_LAST_SEQ: 1_000_000, META_TAKE_OVER: True}
    asked[(await tab.ask("session/resume", {**named, "_meta": back}))["id"]] = "session_resume_gap"
    asked[(await tab.ask("session/load", named))["id"]] = "session_load"
    listed = await tab.ask(f"_{METHOD_DEVICES_LIST}", {})
    asked[listed["id"]] = "ringback_devices_list"
    to = next(device["connection"] for device in listed["result"]["devices"] if not device["isSelf"])
    offered = await tab.ask(f"_{METHOD_HANDOFF}", {"sessionId": session_id, "to": to})
    asked[offered["id"]] = "ringback_session_handoff"
    code = (await other.until_method(f"_{METHOD_HANDED}"))["params"]["code"]
    redeemed = await other.ask(f"_{METHOD_REDEEM}", {"code": code, "cwd": "/"})
    closed = await other.ask("session/close", {"sessionId": session_id})
    return {
        refused["id"]: "session_load",
        taken["id"]: "session_resume",
        redeemed["id"]: "ringback_session_redeem",
        closed["id"]: "session_close",
    }


async def _say(tab: Client, session_id: str, text: str) -> dict[str, Any]:
    return await tab.ask("session/prompt", _prompt(session_id, text))


def _prompt(session_id: str, text: str) -> dict[str, Any]:
    return {"sessionId": session_id, "prompt": [{"type": "text", "text": text}]}


def _name(asked: str | None, frame: dict[str, Any]) -> str:
    if "error" in frame:
        kinds = {
            -32010: "session_held",
            -32013: "turn_failed",
            -32011: "unknown_session",
            -32602: "bad_request",
            -32601: "unknown_method",
            -32700: "no_json",
        }
        return f"error_{kinds[frame['error']['code']]}"
    if "result" in frame:
        assert asked is not None
        return asked
    if frame["method"] == "session/update":
        update = frame["params"]["update"]
        of_call = f"_{update['status']}" if update["sessionUpdate"] == "tool_call_update" else ""
        return f"update_{update['sessionUpdate']}{of_call}"
    failed = "_failed" if "error" in frame["params"] else ""
    method: str = frame["method"]
    return method.removeprefix("_").replace("/", "_") + failed


def _same_for_every_run(frame: dict[str, Any]) -> dict[str, Any]:
    text = INSTANT.sub("2026-01-01T00:00:00.000+00:00", json.dumps(frame))
    text = SECONDS.sub("10.0", text)
    text = SECRET.sub("only-the-holder-knows", CODE.sub("ABCDEFGHJKMN", text))
    seen: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return seen.setdefault(found[0], f"00000000-0000-4000-8000-{len(seen) + 1:012}")

    same: dict[str, Any] = json.loads(UUID.sub(numbered, text))
    if "id" in same and same["id"] is not None:
        same["id"] = 1
    return same


def test_every_message_we_send_is_on_file(frames: dict[str, dict[str, Any]]) -> None:
    if IS_WRITING:
        FOLDER.mkdir(exist_ok=True)
        for name, frame in frames.items():
            (FOLDER / f"{name}.json").write_text(json.dumps(frame, indent=2) + "\n", encoding="utf-8")
    assert set(frames) == NAMES
    assert {path.stem for path in FOLDER.glob("*.json")} == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_message_is_as_on_file(frames: dict[str, dict[str, Any]], name: str) -> None:
    assert frames[name] == json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_sdk_drops_nothing_of_a_message_and_knows_its_words(frames: dict[str, dict[str, Any]], name: str) -> None:
    found = _spoken(name, frames[name])
    if found is None:
        return
    body, _, model = found
    parsed = model.model_validate(body)
    assert parsed.model_dump(mode="json", by_alias=True, exclude_unset=True) == body
    _check_words(parsed)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_message_is_valid_by_the_published_schema(frames: dict[str, dict[str, Any]], name: str) -> None:
    found = _spoken(name, frames[name])
    if found is None:
        return
    body, definition, _ = found
    _validator(definition)(body)


def test_the_published_schema_would_refuse_a_wrong_word(frames: dict[str, dict[str, Any]]) -> None:
    body = json.loads(json.dumps(frames["update_tool_call"]["params"]))
    body["update"]["status"] = "waiting"
    with pytest.raises(jsonschema.ValidationError):
        _validator("SessionNotification")(body)


def test_an_empty_value_in_arguments_and_results_is_kept(frames: dict[str, dict[str, Any]]) -> None:
    assert frames["update_tool_call"]["params"]["update"]["rawInput"] == {"track": 1, "note": None}
    completed = frames["update_tool_call_update_completed"]["params"]["update"]
    assert completed["rawOutput"] == {"success": True, "track": 1, "title": None}
    assert frames["update_usage_update"]["params"]["update"]["used"] == 0


def test_only_our_own_methods_begin_with_an_underscore(frames: dict[str, dict[str, Any]]) -> None:
    methods = {frame["method"] for frame in frames.values() if "method" in frame}
    assert methods == set(CALLS) | OURS


def _spoken(name: str, frame: dict[str, Any]) -> tuple[Any, str, type[BaseModel]] | None:
    """The body of a message that is ACP's, with its definition and its model."""
    if "error" in frame:
        return frame["error"], "Error", schema.Error
    if "result" in frame:
        return (frame["result"], *ANSWERS[name]) if name in ANSWERS else None
    return (frame["params"], *CALLS[frame["method"]]) if frame["method"] in CALLS else None


def _validator(definition: str) -> Callable[[Any], None]:
    validate: Callable[[Any], None] = jsonschema.Draft202012Validator(
        {"$defs": ACP["$defs"], "$ref": f"#/$defs/{definition}"}
    ).validate
    return validate


def _check_words(value: object) -> None:
    """Every word of a model is one of those its own type lists: pydantic lets some models take others."""
    if isinstance(value, list):
        for item in value:
            _check_words(item)
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            child = getattr(value, name)
            words = _words(field.annotation)
            assert child is None or not words or child in words, (name, child)
            _check_words(child)


def _words(annotation: Any) -> tuple[Any, ...]:
    """The words that a type lists; none if it also takes others, as an error's code does."""
    parts = [annotation] if get_origin(annotation) is Literal else list(get_args(annotation))
    if any(get_origin(part) is not Literal for part in parts if part is not type(None)):
        return ()
    return tuple(word for part in parts for word in get_args(part))
