"""Garbage over a real socket: it is answered or ignored, and another tab of the same server goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from server.core.json_depth import MAX_DEPTH, is_deep
from server.gateway.json_rpc import GarbageError, dumped, parse, understood
from server.gateway.transport import MAX_UNDER_WAY
from tests.server.gateway.client_for_tests import WAIT, listening, until_cancelled

REFUSED: dict[str, int] = {
    "": -32700,
    "{": -32700,
    "nonsense": -32700,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"x": NaN}}': -32700,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"x": -Infinity}}': -32700,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"x": 1e999}}': -32700,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"x": ' + "9" * 5000 + "}}": -32700,
    '{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "initialize"}': -32700,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"a": {"b": 1, "b": 1}}}': -32700,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"x": ' + "9" * 21 + "}}": -32700,
    "[]": -32600,
    '[{"jsonrpc": "2.0", "id": 1, "method": "initialize"}]': -32600,
    "1": -32600,
    '"text"': -32600,
    "null": -32600,
    "{}": -32600,
    '{"jsonrpc": "1.0", "id": 1, "method": "initialize"}': -32600,
    '{"id": 1, "method": "initialize"}': -32600,
    '{"jsonrpc": "2.0", "id": 1, "method": 7}': -32600,
    '{"jsonrpc": "2.0", "id": 1, "method": null}': -32600,
    '{"jsonrpc": "2.0", "id": 1, "method": ["initialize"]}': -32600,
    '{"jsonrpc": "2.0", "id": [1], "method": "initialize"}': -32600,
    '{"jsonrpc": "2.0", "id": {"a": 1}, "result": {}}': -32600,
    '{"jsonrpc": "2.0", "id": true, "result": {}}': -32600,
    '{"jsonrpc": "2.0", "id": 1.5, "method": "initialize"}': -32600,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": [1]}': -32600,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": "x"}': -32600,
    "[" * 100_000: -32600,
    "[" * 100_000 + "]" * 100_000: -32600,
    '{"jsonrpc": "2.0", "id": 1, "method": "x", "params": ' + '{"a":' * 200 + "1" + "}" * 201: -32600,
    '{"jsonrpc": "2.0", "id": 1, "method": "no/such_method"}': -32601,
    '{"jsonrpc": "2.0", "id": 1, "method": "session/set_mode", "params": {}}': -32601,
    '{"jsonrpc": "2.0", "id": 1, "method": "_ringback/no/such"}': -32601,
    '{"jsonrpc": "2.0", "id": 1, "method": "session/cancel", "params": {}}': -32601,
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize"}': -32602,
}
IGNORED: list[str | bytes] = [
    '{"jsonrpc": "2.0", "id": 99, "result": {}}',
    '{"jsonrpc": "2.0", "id": null, "result": {}}',
    '{"jsonrpc": "2.0", "id": 99}',
    '{"jsonrpc": "2.0", "id": 99, "error": []}',
    '{"jsonrpc": "2.0", "id": 99, "error": {"code": "x"}}',
    '{"jsonrpc": "2.0", "id": 99, "result": 1, "error": {"code": 1, "message": "x"}}',
    '{"jsonrpc": "2.0", "method": "no/such_method"}',
    '{"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": "no such"}}',
    '{"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": 5}}',
    '{"jsonrpc": "2.0", "method": "session/prompt", "params": {}}',
    '{"jsonrpc": "2.0", "method": "_anything"}',
    b"\x00\x01",
    b'{"jsonrpc": "2.0", "id": 1, "method": "initialize"}',
]


async def test_garbage_is_answered_and_costs_no_tab_anything() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        theirs = await other.open()
        for number, (frame, code) in enumerate(REFUSED.items()):
            await tab.send(frame)
            answer = await tab.until_nth(number + 1)
            assert "error" in answer, (frame[:100], answer)
            assert answer["error"]["code"] == code, frame[:100]
            assert answer["error"]["message"]
        for ignored in IGNORED:
            await tab.send(ignored)
        mine = await tab.open()
        assert (await tab.prompt(mine, "hello"))["result"] == {"stopReason": "end_turn"}
        assert len(tab.frames) < len(REFUSED) + 10, "what is ignored is not answered"
        assert (await other.prompt(theirs, "hello"))["result"] == {"stopReason": "end_turn"}


async def test_a_giant_frame_closes_its_own_connection_only() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        theirs = await other.open()
        with contextlib.suppress(ConnectionClosed):
            await tab.send('"' + "x" * 2**20 + '"')
        async with asyncio.timeout(WAIT):
            await tab.websocket.wait_closed()
        assert tab.websocket.close_code == 1009
        assert (await other.prompt(theirs, "hello"))["result"] == {"stopReason": "end_turn"}


async def test_an_exception_of_ours_is_not_told_to_the_peer(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as gateway, gateway.client() as tab:
        await tab.introduce()

        def fail(*_: object) -> None:
            raise RuntimeError("canary-123")

        gateway.sessions.begin = fail  # type: ignore[method-assign, assignment]
        answer = await tab.ask("session/new", {"cwd": "/", "mcpServers": []})
    assert answer["error"]["code"] == -32603
    assert "canary-123" not in json.dumps(answer)
    assert "canary-123" in caplog.text


async def test_more_requests_than_a_connection_may_have_are_refused_with_a_sentence() -> None:
    async with listening(until_cancelled) as gateway, gateway.client() as tab, gateway.client() as other:
        sessions = [await tab.open()]
        for _ in range(2):
            answer = await tab.ask("session/new", {"cwd": "/", "mcpServers": []})
            sessions.append(answer["result"]["sessionId"])
        for session_id in sessions:
            for _ in range(30):
                await tab.begin("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]})
        refused = await tab.until(lambda frame: frame.get("error", {}).get("code") == -32014)
        assert refused["id"].startswith("request-")
        assert (await other.introduce())["result"]["protocolVersion"] == 1
        for session_id in sessions:
            await tab.notify("session/cancel", {"sessionId": session_id})
        await tab.until(lambda frame: frame.get("result") == {"stopReason": "cancelled"})


async def test_requests_one_after_the_other_are_never_too_many() -> None:
    async with listening() as gateway, gateway.client() as tab:
        for _ in range(MAX_UNDER_WAY + 10):
            assert (await tab.ask("no/such_method", {}))["error"]["code"] == -32601


async def test_a_lone_surrogate_is_refused_to_whoever_sent_it() -> None:
    async with listening() as gateway, gateway.client() as tab:
        session_id = await tab.open()
        for text in ("a\udc80b", "\ud800", "\udbff\U0001f600"):
            error = (await tab.prompt(session_id, text))["error"]
            assert (error["code"], error["message"].endswith("send whole characters.")) == (-32602, True)
        assert (await tab.prompt(session_id, "a\U0001f600"))["result"] == {"stopReason": "end_turn"}


def test_an_answer_with_half_a_character_fails_for_whoever_waits_for_it() -> None:
    answer = understood('{"jsonrpc": "2.0", "id": 7, "result": {"text": "\\ud800"}}')
    assert (answer["id"], "result" in answer) == (7, False)
    assert "send whole characters" in str(answer["error"])


def test_a_pair_of_surrogates_stays_one_character() -> None:
    assert parse('"\\ud83d\\ude00"') == "\U0001f600"
    message = understood('{"jsonrpc": "2.0", "method": "x", "params": {"\\ud83d\\ude00": "\\uD83D\\uDE00"}}')
    assert message["params"] == {"\U0001f600": "\U0001f600"}


def test_depth_is_counted_in_objects_and_lists() -> None:
    def nested(depth: int) -> Any:
        value: Any = 1
        for level in range(depth):
            value = [value] if level % 2 else {"a": value}
        return value

    assert not is_deep(nested(MAX_DEPTH))
    assert is_deep(nested(MAX_DEPTH + 1))
    assert not is_deep([[]] * 1000)
    assert not is_deep("[" * 1000)


def test_numbers_that_json_does_not_have_are_sent_as_words() -> None:
    sent = dumped({"a": [float("nan"), float("inf"), 1.5], "b": {"c": float("-inf")}})
    assert json.loads(sent) == {"a": ["nan", "inf", 1.5], "b": {"c": "-inf"}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error", "code", "message"]), inner
            )
        ),
    )
)
def test_any_json_is_a_message_or_garbage_and_nothing_else(value: Any) -> None:
    try:
        message = understood(json.dumps(value))
    except GarbageError:
        return
    assert isinstance(message.get("method", ""), str)
    assert isinstance(message.get("error") or {}, dict)
    assert message.get("id") is None or isinstance(message["id"], (str, int))


@given(st.binary(max_size=200), st.randoms(use_true_random=False))
def test_a_damaged_frame_is_garbage_or_a_message(noise: bytes, chance: random.Random) -> None:
    frame = '{"jsonrpc": "2.0", "id": 1, "method": "session/prompt", "params": {"prompt": [{"text": "\\ud83d"}]}}'
    at = chance.randrange(len(frame))
    damaged = frame[:at] + noise.decode("utf-8", "replace") + frame[at + chance.randrange(3) :]
    with contextlib.suppress(GarbageError):
        understood(damaged)


@pytest.mark.parametrize(
    "result",
    ["9" * 40, '{"a":1,"a":2}', "NaN", "[" * 200 + "]" * 200, '"\\ud800"', "{" + "," * 10, '"' + "," * 100_001 + '"'],
    ids=["a number", "named twice", "NaN", "deep", "half", "broken", "many"],
)
@pytest.mark.parametrize("name", ['"ask-7"', "7"])
def test_garbage_in_an_answer_fails_for_whoever_waits_for_it(result: str, name: str) -> None:
    for begin in ('{"jsonrpc": "2.0", ', "{"):
        answer = understood(f'{begin}"id": {name}, "result": {result}{"" if begin == "{" else "}"}')
        assert (json.dumps(answer["id"]), "result" in answer) == (name, False)
        assert answer["error"]


def test_a_request_is_no_answer_whatever_stands_in_it() -> None:
    for frame in ('{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"id": 2, "result": NaN}}', '{"id": 1'):
        with pytest.raises(GarbageError):
            understood(frame)
