"""Who a request counts for: the connection's own person, or, with the scope, whom it names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.context import TurnContext
from server.core.identity import Scope, identity_named
from shared.acp_names import META_IDENTITY
from shared.catalog import change_bgm
from shared.frames import AgentSaid
from tests.server.agent_for_tests import use
from tests.server.gateway.client_for_tests import Client, Gateway, Piece, choosing, listening
from tests.server.gateway.keys_for_tests import KeysInMemory, new_key

ADA = {"tenant": "acme", "userId": "ada"}
BOB = {"tenant": "acme", "userId": "bob"}


async def who(turn: TurnContext) -> AsyncIterator[Piece]:
    """Says who acts, and how many messages this conversation has had."""
    state = turn.session.state
    state["messages"] = int(str(state.get("messages", 0))) + 1
    yield AgentSaid(f"{turn.identity.tenant}/{turn.identity.user_id} {state['messages']}")


async def ask(turn: TurnContext) -> AsyncIterator[Piece]:
    await use(turn, f"call-{turn.message_id}", change_bgm.SPEC, {"track": 1})
    yield AgentSaid("done")


async def said_by(tab: Client, session_id: str, person: dict[str, Any] | None) -> str:
    """What the agent answers to a message of ``person``."""
    before = len(tab.frames)
    meta = {} if person is None else {META_IDENTITY: person}
    answer = await tab.prompt(session_id, "who am I?", **meta)
    assert "result" in answer, answer
    chunks = [
        frame["params"]
        for frame in tab.frames[before:]
        if frame.get("method") == "session/update"
        and frame["params"]["update"]["sessionUpdate"] == "agent_message_chunk"
    ]
    for chunk in chunks:
        assert chunk["_meta"].get(META_IDENTITY) == person
    return "".join(chunk["update"]["content"]["text"] for chunk in chunks)


async def test_two_people_who_take_turns_on_one_socket_have_conversations_of_their_own() -> None:
    async with listening(who) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        assert await said_by(tab, session_id, ADA) == "acme/ada 1"
        assert await said_by(tab, session_id, BOB) == "acme/bob 1"
        assert await said_by(tab, session_id, ADA) == "acme/ada 2"
        assert await said_by(tab, session_id, None) == "default/someone 1"
        assert await said_by(tab, session_id, BOB) == "acme/bob 2"


async def test_a_session_begun_for_somebody_is_theirs_and_named_after_them() -> None:
    async with listening(who) as gateway, gateway.client() as tab:
        await tab.introduce()
        answer = await tab.ask("session/new", {"cwd": "/", "mcpServers": [], "_meta": {META_IDENTITY: ADA}})
        session_id = answer["result"]["sessionId"]
        assert session_id.startswith("session_ada_")
        answer = await tab.prompt(session_id, "who?")
        chunk = await tab.until(
            lambda f: f.get("params", {}).get("update", {}).get("sessionUpdate") == "agent_message_chunk"
        )
        assert chunk["params"]["update"]["content"]["text"] == "acme/ada 1"
        assert chunk["params"]["_meta"][META_IDENTITY] == ADA


async def test_an_approval_names_the_person_it_is_for() -> None:
    async def play(_: Any) -> dict[str, Any]:
        return {"result": {"result": {"success": True}}}

    async with listening(ask) as gateway, gateway.client() as tab:
        tab.answers |= {"session/request_permission": choosing("allow_once"), "_ringback/tool/call": play}
        session_id = await tab.open()
        assert "result" in await tab.prompt(session_id, "play", **{META_IDENTITY: ADA})
        asked = await tab.until_method("session/request_permission")
        called = await tab.until_method("_ringback/tool/call")
        ended = await tab.until_method("_ringback/turn/ended")
        assert [frame["params"]["_meta"][META_IDENTITY] for frame in (asked, called, ended)] == [ADA] * 3


async def test_cancelling_ends_the_turn_of_the_named_person_only() -> None:
    async def wait(turn: TurnContext) -> AsyncIterator[Piece]:
        await turn.abort.wait()
        yield AgentSaid("cancelled")

    async with listening(wait) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        prompt = {"sessionId": session_id, "prompt": [{"type": "text", "text": "wait"}]}
        adas = await tab.begin("session/prompt", {**prompt, "_meta": {META_IDENTITY: ADA}})
        bobs = await tab.begin("session/prompt", {**prompt, "_meta": {META_IDENTITY: BOB}})
        await tab.notify("session/cancel", {"sessionId": session_id, "_meta": {META_IDENTITY: BOB}})
        answer = await tab.until(lambda frame: frame.get("id") == bobs and "result" in frame)
        assert answer["result"]["stopReason"] == "cancelled"
        assert not any(frame.get("id") == adas for frame in tab.frames)
        await tab.notify("session/cancel", {"sessionId": session_id, "_meta": {META_IDENTITY: ADA}})
        await tab.until(lambda frame: frame.get("id") == adas and "result" in frame)


async def test_a_credential_without_the_scope_speaks_for_nobody_else() -> None:
    keys = KeysInMemory()
    text, key = new_key(identity_named("acme", "ada"), Scope.CHAT)
    await keys.create(key)
    async with listening(who, keys=keys) as gateway, gateway.client(Authorization=f"Bearer {text}") as tab:
        session_id = await tab.open()
        for person in (BOB, {"userId": "bob"}, {"tenant": "default", "userId": "ada"}):
            answer = await tab.prompt(session_id, "who?", **{META_IDENTITY: person})
            assert answer["error"]["code"] == -32016
            for method in ("session/new", "_ringback/state/list", "_ringback/reset"):
                params = {"cwd": "/", "mcpServers": [], "confirm": True, "_meta": {META_IDENTITY: person}}
                assert (await tab.ask(method, params))["error"]["code"] == -32016
        assert gateway.setup.services.agent.forgotten == []  # type: ignore[attr-defined]  # a scripted agent
        answer = await tab.prompt(session_id, "who?", **{META_IDENTITY: ADA})
        assert "result" in answer, "naming oneself is no acting"


@pytest.mark.parametrize("person", ["ada", {"userId": ""}, {"userId": 1}, {"tenant": "acme"}, {"userId": "a", "x": 1}])
async def test_a_person_that_makes_no_sense_is_refused_with_a_sentence(person: Any) -> None:
    async with listening(who) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        answer = await tab.prompt(session_id, "who?", **{META_IDENTITY: person})
        assert answer["error"]["code"] == -32602
        assert answer["error"]["message"].endswith(".")


@pytest.mark.parametrize("person", [{"userId": "ada\u3000"}, {"tenant": " acme", "userId": "ada"}])
async def test_another_spelling_of_a_person_finds_nothing_of_theirs(person: Any) -> None:
    async with listening(who) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        stored = await tab.ask(
            "_ringback/state/set", {"key": "k", "data": {"of": "ada"}, "_meta": {META_IDENTITY: ADA}}
        )
        assert stored["result"] == {"stored": True}
        named = {META_IDENTITY: {"tenant": "acme", **person}}
        for answer in (
            await tab.ask("_ringback/state/get", {"key": "k", "_meta": named}),
            await tab.prompt(session_id, "who?", **named),
        ):
            assert answer["error"]["code"] == -32602
            assert "spaces around" in answer["error"]["message"]


async def test_a_guessed_session_of_another_person_is_no_session_whoever_is_named() -> None:
    keys = KeysInMemory()
    text, key = new_key(identity_named("beta", "bob"), Scope.CHAT)
    await keys.create(key)
    async with (
        listening(who, keys=keys) as gateway,
        gateway.client() as mine,
        gateway.client(Authorization=f"Bearer {text}") as theirs,
    ):
        theirs_id, mine_id = await theirs.open(), await mine.open()
        for session_id in (theirs_id, "invented"):
            for meta in ({}, {META_IDENTITY: ADA}):
                answer = await mine.prompt(session_id, "who?", **meta)
                assert answer["error"]["code"] == -32011
                assert session_id not in answer["error"]["message"]
        assert "result" in await mine.prompt(mine_id, "who?")


async def scoped(gateway: Gateway, keys: KeysInMemory, *scopes: Scope) -> str:
    text, key = new_key(identity_named("acme", "ada"), *scopes)
    await keys.create(key)
    return f"Bearer {text}"


async def test_a_credential_without_chat_cannot_chat_and_one_without_metrics_cannot_read_counters() -> None:
    keys = KeysInMemory()
    async with listening(who, keys=keys) as gateway:
        async with gateway.client(Authorization=await scoped(gateway, keys, Scope.METRICS)) as reader:
            await reader.introduce()
            for method in ("session/new", "_ringback/state/list", "_ringback/reset"):
                params = {"cwd": "/", "mcpServers": [], "confirm": True}
                assert (await reader.ask(method, params))["error"]["code"] == -32016
            assert "ringback_turns_total" in (await reader.ask("_ringback/metrics", {}))["result"]["text"]
        async with gateway.client(Authorization=await scoped(gateway, keys, Scope.CHAT)) as chatter:
            await chatter.open()
            assert (await chatter.ask("_ringback/metrics", {}))["error"]["code"] == -32016
