"""What runs unasked: granted in one tab, listed and taken back by its own person only, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from server.context import TurnContext
from shared.catalog import change_bgm
from shared.frames import AgentSaid
from shared.json_types import JsonObject
from tests.server.agent_for_tests import use
from tests.server.gateway.client_for_tests import Client, Gateway, Piece, choosing, listening


async def script(turn: TurnContext) -> AsyncIterator[Piece]:
    await use(turn, f"call {turn.text}", change_bgm.SPEC, {"track": 1})
    yield AgentSaid("Done.")


async def ask(tab: Client, method: str, **params: Any) -> dict[str, Any]:
    return await tab.ask(f"_ringback/grants/{method}", params)


async def granted(gateway: Gateway, tab: Client) -> dict[str, Any]:
    """Have the call allowed for good; the grant as it is listed."""

    async def play(params: Any) -> dict[str, Any]:
        return {"result": {"result": {"success": True}}}

    tab.answers |= {"session/request_permission": choosing("allow_exact"), "_ringback/tool/call": play}
    session_id = await tab.open()
    await tab.ask("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "play"}]})
    (grant,) = (await ask(tab, "list"))["result"]["grants"]
    return dict(grant)


async def test_what_was_allowed_for_good_is_listed_in_full_and_logged() -> None:
    async with listening(script) as gateway, gateway.client() as tab:
        grant = await granted(gateway, tab)
        assert (grant["tool"], grant["arguments"], grant["folder"]) == ("change_bgm", {"track": 1}, "/home/someone")
        lasts = datetime.fromisoformat(grant["expiresAt"]) - datetime.fromisoformat(grant["createdAt"])
        assert lasts.days == 30
        (entry,) = (await ask(tab, "log"))["result"]["entries"]
        assert (entry["decision"], entry["tool"], entry["toolCallId"]) == ("allowed_exactly", "change_bgm", "call play")
        assert entry["device"] == grant["device"]
        assert entry["connection"]
        assert "arguments" not in entry


async def test_what_was_allowed_in_one_working_folder_asks_in_another() -> None:
    def asked() -> int:
        return sum(frame.get("method") == "session/request_permission" for frame in tab.frames)

    async with listening(script) as gateway, gateway.client() as tab:
        await granted(gateway, tab)
        assert asked() == 1
        sessions = {}
        for cwd, times in (("/home/someone", 1), ("/tmp/cloned", 2)):
            began = await tab.ask("session/new", {"cwd": cwd, "mcpServers": []})
            sessions[cwd] = began["result"]["sessionId"]
            tab.answers["session/request_permission"] = choosing("allow_once")
            await tab.prompt(sessions[cwd], "in a new one")
            assert asked() == times, cwd
        moved = {"sessionId": sessions["/home/someone"], "cwd": "/tmp/cloned", "mcpServers": []}
        assert "result" in await tab.ask("session/resume", moved)
        await tab.prompt(sessions["/home/someone"], "in the same one")
        assert asked() == 3, "the same conversation, in another folder now"


async def test_it_is_taken_back_once_by_its_id() -> None:
    async with listening(script) as gateway, gateway.client() as tab:
        grant = await granted(gateway, tab)
        assert (await ask(tab, "revoke", id=grant["id"]))["result"] == {"revoked": 1}
        assert (await ask(tab, "revoke", id=grant["id"]))["error"]["code"] == -32021
        assert (await ask(tab, "list"))["result"] == {"grants": [], "left": 0}


async def test_all_are_taken_back_at_once() -> None:
    async with listening(script) as gateway, gateway.client() as tab:
        await granted(gateway, tab)
        assert (await ask(tab, "revoke", all=True))["result"] == {"revoked": 1}
        assert (await ask(tab, "revoke", all=True))["result"] == {"revoked": 0}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("revoke", {}, -32602),
        ("revoke", {"id": 1}, -32602),
        ("revoke", {"id": "a", "all": True}, -32602),
        ("revoke", {"all": False}, -32602),
        ("revoke", {"all": "yes"}, -32602),
        ("revoke", {"id": "guessed"}, -32021),
        ("list", {"skip": -1}, -32602),
        ("log", {"last": 0}, -32602),
        ("log", {"last": 1001}, -32602),
        ("log", {"last": "all"}, -32602),
    ],
)
async def test_bad_input_is_a_sentence_and_takes_nothing_back(method: str, params: dict[str, Any], code: int) -> None:
    async with listening(script) as gateway, gateway.client() as tab:
        await granted(gateway, tab)
        answer = await ask(tab, method, **params)
        assert answer["error"]["code"] == code
        assert answer["error"]["message"].endswith(".")
        assert len((await ask(tab, "list"))["result"]["grants"]) == 1


async def test_what_does_not_fit_into_one_answer_is_listed_with_the_next() -> None:
    async with listening(script) as gateway, gateway.client() as tab:
        await granted(gateway, tab)
        kept = gateway.setup.ledger.grants
        (first,) = kept.values()
        for number in range(4):
            large: JsonObject = {"text": "x" * 400_000, "number": number}
            kept[first.identity, first.device, first.folder, f"tool-{number}", "h"] = replace(
                first, tool=f"tool-{number}", arguments=large
            )
        found: list[str] = []
        while len(found) < 5:
            answer = (await ask(tab, "list", skip=len(found)))["result"]
            assert 0 < len(answer["grants"]) <= 3
            found += [grant["tool"] for grant in answer["grants"]]
            assert answer["left"] == 5 - len(found)
        assert found == ["change_bgm", "tool-0", "tool-1", "tool-2", "tool-3"]
