"""What a client asks for beside its conversations, over a real socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.core.identity import identity_named
from shared.acp_names import META_IDENTITY
from shared.errors import TurnFailedError
from tests.server.gateway.client_for_tests import Client, listening


async def ask(tab: Client, method: str, **params: Any) -> dict[str, Any]:
    return await tab.ask(f"_ringback/{method}", params)


async def test_what_is_set_is_listed_read_and_deleted() -> None:
    data = {"sky": "blue", "number": 1.0, "nothing": None, "deep": [{"a": []}]}
    async with listening() as gateway, gateway.client() as tab:
        await tab.introduce()
        assert (await ask(tab, "state/list"))["result"] == {"keys": []}
        assert (await ask(tab, "state/set", key="b", data=data))["result"] == {"stored": True}
        assert (await ask(tab, "state/set", key="a:b %\u0000", data={}))["result"] == {"stored": True}
        assert (await ask(tab, "state/list"))["result"] == {"keys": ["a:b %\u0000", "b"]}
        read = (await ask(tab, "state/get", key="b"))["result"]["data"]
        assert read == data
        assert type(read["number"]) is float
        assert (await ask(tab, "state/get", key="c"))["result"] == {"data": None}
        assert (await ask(tab, "state/delete", key="b"))["result"] == {"deleted": 1}
        assert (await ask(tab, "state/delete", key="b"))["result"] == {"deleted": 0}
        assert (await ask(tab, "state/list"))["result"] == {"keys": ["a:b %\u0000"]}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("state/get", {}, -32602),
        ("state/get", {"key": 1}, -32602),
        ("state/get", {"key": ""}, -32018),
        ("state/get", {"key": "x" * 201}, -32018),
        ("state/set", {"key": "a"}, -32602),
        ("state/set", {"key": "a", "data": [1]}, -32602),
        ("state/set", {"key": "a", "data": {}, "ttl": "soon"}, -32602),
        ("state/set", {"key": "a", "data": {}, "ttl": -1}, -32018),
        ("state/set", {"key": "a", "data": {"": 1}}, -32018),
        ("state/set", {"key": "a", "data": {"x": "y" * 300_000}}, -32018),
        ("reset", {}, -32602),
        ("reset", {"confirm": "yes"}, -32602),
    ],
)
async def test_bad_input_is_a_sentence_and_changes_nothing(method: str, params: dict[str, Any], code: int) -> None:
    async with listening() as gateway, gateway.client() as tab:
        await tab.introduce()
        answer = await ask(tab, method, **params)
        assert answer["error"]["code"] == code
        assert answer["error"]["message"].endswith(".")
        assert (await ask(tab, "state/list"))["result"] == {"keys": []}


async def test_halves_of_characters_are_refused_so_that_no_two_keys_become_one_and_no_value_another() -> None:
    async with listening() as gateway, gateway.client() as tab:
        await tab.introduce()
        await ask(tab, "state/set", key="\ufffda", data={"v": "\ufffd\U0001f600"})
        for method, params in (
            ("state/set", {"key": "k", "data": {"v": "\ud800"}}),
            ("state/set", {"key": "k", "data": {"deep": [{"\udfff": 1}]}}),
            ("state/set", {"key": "\ud800a", "data": {}}),
            ("state/get", {"key": "\ud800a"}),
            ("state/delete", {"key": "\udbffa"}),
        ):
            answer = await ask(tab, method, **params)
            assert answer["error"]["code"] == -32602
            assert "half of a surrogate pair" in answer["error"]["message"]
            assert answer["error"]["message"].endswith("send whole characters.")
        assert (await ask(tab, "state/list"))["result"] == {"keys": ["\ufffda"]}
        assert (await ask(tab, "state/get", key="\ufffda"))["result"] == {"data": {"v": "\ufffd\U0001f600"}}


async def test_halves_of_characters_name_nobody() -> None:
    async with listening() as gateway, gateway.client() as tab:
        await tab.introduce()
        for user in ("ada\ud800", "ada\udbff"):
            answer = await ask(tab, "state/list", _meta={META_IDENTITY: {"tenant": "acme", "userId": user}})
            assert answer["error"]["code"] == -32602
            params = {"cwd": "/", "mcpServers": [], "_meta": {META_IDENTITY: {"tenant": "acme", "userId": user}}}
            answer = await tab.ask("session/new", params)
            assert "send whole characters" in answer["error"]["message"]


async def test_before_initialize_nothing_is_answered() -> None:
    async with listening() as gateway, gateway.client() as tab:
        for method in ("state/list", "reset"):
            assert (await ask(tab, method, confirm=True))["error"]["code"] == -32602


async def test_a_change_is_told_to_the_persons_other_tabs_and_to_nobody_else() -> None:
    async with listening() as gateway, gateway.client() as one, gateway.client() as other, gateway.client() as acme:
        for tab in (one, other, acme):
            await tab.introduce()
        # The third speaks for somebody of the same name in another tenant from here on.
        acting = {"_meta": {META_IDENTITY: {"tenant": "acme", "userId": "someone"}}}
        assert (await ask(acme, "state/list", **acting))["result"] == {"keys": []}
        await ask(one, "state/set", key="colour", data={"value": "blue"})
        told = await other.until_method("_ringback/state/changed")
        assert told["params"] == {"key": "colour", "change": "stored"}
        await ask(one, "state/delete", key="colour")
        told = await other.until_method("_ringback/state/changed", 2)
        assert told["params"] == {"key": "colour", "change": "deleted"}
        assert not [frame for frame in one.frames if frame.get("method") == "_ringback/state/changed"]
        assert (await ask(acme, "state/get", key="colour", **acting))["result"] == {"data": None}


async def test_a_tab_that_is_gone_is_told_nothing_and_leaves_nothing() -> None:
    async with listening() as gateway:
        async with gateway.client() as tab, gateway.client() as other:
            await tab.introduce()
            await other.introduce()
            assert [len(seats) for seats in gateway.audience._seats.values()] == [2]
        async with asyncio.timeout(5):
            while gateway.listener.connections or gateway.audience._seats:
                await asyncio.sleep(0.01)


async def test_a_reset_forgets_everything_tells_every_tab_and_lets_them_go_on() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, others_id = await tab.open(), await other.open()
        for talker, name in ((tab, session_id), (other, others_id)):
            await talker.prompt(name, "hello")
        await ask(tab, "state/set", key="colour", data={"value": "blue"})
        answer = await ask(tab, "reset", confirm=True)
        assert answer["result"]["success"] is True
        assert gateway.setup.services.agent.forgotten == [identity_named("default", "someone")]  # type: ignore[attr-defined]  # a scripted agent
        assert gateway.setup.conversations.kept == {}
        assert (await ask(tab, "state/list"))["result"] == {"keys": []}
        for talker, name in ((tab, session_id), (other, others_id)):
            await talker.until_method("_ringback/wasReset")
            before = len(talker.frames)
            assert "result" in await talker.prompt(name, "hello again")
            fresh = [
                f["params"]["_meta"]["ringback/seq"]
                for f in talker.frames[before:]
                if f.get("method") == "session/update"
            ]
            assert fresh[0] == 1


async def test_a_reset_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> int:
        raise TurnFailedError("The database failed.")

    async with listening() as gateway, gateway.client() as tab:
        await tab.introduce()
        monkeypatch.setattr(gateway.setup.services.agent, "forget", fail)
        answer = await ask(tab, "reset", confirm=True)
        assert answer["result"] == {"success": False, "message": "The database failed."}
        assert not [frame for frame in tab.frames if frame.get("method") == "_ringback/wasReset"]
