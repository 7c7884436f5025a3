"""What a person asks of a server beside talking, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import acp
import pytest

from client.core.device_presets import PRESETS
from client.core.grants import HeldGrant, LoggedDecision
from client.link import asking, personal_data
from client.link.asking import BROKEN, NONSENSE, NOT_A_RINGBACK, NOT_CONNECTED, TOO_OLD
from client.link.endpoint import Endpoint
from client.link.visit import visiting
from client.link.wire import NotLetInError
from client.ports import PersonalData, Welcome
from shared.acp_names import (
    METHOD_GRANTS_LIST,
    METHOD_GRANTS_LOG,
    METHOD_GRANTS_REVOKE,
    METHOD_METRICS,
    METHOD_RESET,
    METHOD_STATE_DELETE,
    METHOD_STATE_GET,
    METHOD_STATE_LIST,
    METHOD_STATE_SET,
    METHOD_TOOL_CALL,
)
from shared.errors import BadRequestError, LinkLostError, ProtocolError
from tests.client.link.agent_for_tests import SESSION, AgentForTests, Peer, running
from tests.client.link.test_tab_link import link_to, living
from tests.client.tab_for_tests import Lost, TabForTests


def answering(**answers: Any) -> AgentForTests:
    """A server that gives these answers, by the last word of the method; an exception is raised."""

    async def answer(_peer: Peer, method: str, _params: dict[str, Any]) -> Any:
        told = answers[method.rsplit("/", 1)[-1]]
        if isinstance(told, BaseException):
            raise told
        return told

    return AgentForTests(answer=answer)


@asynccontextmanager
async def asked(agent: AgentForTests) -> AsyncIterator[PersonalData]:
    """What a tab connected to ``agent`` may ask."""
    tab = TabForTests()
    async with running(agent), living(link_to(agent, tab)) as link:
        await tab.first(Welcome)
        yield link.personal


async def test_every_request_is_sent_as_it_is_documented_and_its_answer_read() -> None:
    agent = answering(
        list={"keys": ["city", "colour"]},
        get={"data": {"name": "blue", "one": 1, "point": 1.0, "is": True}},
        set={"stored": True},
        delete={"deleted": 1},
        reset={"success": True, "message": "Everything of ada is gone."},
        metrics={"text": "# TYPE a counter\na 1\n"},
    )
    async with asked(agent) as personal:
        assert await personal.list_states() == ("city", "colour")
        assert repr(await personal.get_state("colour")) == "{'name': 'blue', 'one': 1, 'point': 1.0, 'is': True}"
        await personal.set_state("colour", {"name": "red"})
        assert await personal.delete_state("colour") == 1
        assert await personal.reset() == "Everything of ada is gone."
        assert await personal.metrics() == "# TYPE a counter\na 1\n"
    assert agent.requested == [
        (METHOD_STATE_LIST, {}),
        (METHOD_STATE_GET, {"key": "colour"}),
        (METHOD_STATE_SET, {"key": "colour", "data": {"name": "red"}}),
        (METHOD_STATE_DELETE, {"key": "colour"}),
        (METHOD_RESET, {"confirm": True}),
        (METHOD_METRICS, {}),
    ]


async def test_grants_and_the_log_are_asked_for_as_documented_and_read() -> None:
    noon, later = datetime(2026, 11, 21, 12, tzinfo=UTC), datetime(2026, 12, 21, 12, 0, 0, 5000, tzinfo=UTC)
    device = {"id": "d", "label": "PC"}
    agent = answering(
        list={
            "grants": [
                {
                    "id": "g",
                    "tool": "notify",
                    "arguments": {"n": 1.0},
                    "device": device,
                    "folder": "/home/ada",
                    "createdAt": "2026-11-21T12:00:00.000+00:00",
                    "expiresAt": "2026-12-21T12:00:00.005+00:00",
                }
            ]
        },
        revoke={"revoked": 1},
        log={
            "entries": [
                {
                    "at": "2026-11-21T12:00:00.000+00:00",
                    "sessionId": "s",
                    "toolCallId": "c",
                    "tool": "notify",
                    "argumentsHash": "h",
                    "decision": "expired",
                    "device": device,
                    "connection": "x",
                }
            ]
        },
    )
    async with asked(agent) as personal:
        (grant,) = await personal.list_grants()
        assert grant == HeldGrant("g", "notify", {"n": 1.0}, "PC", "/home/ada", noon, later)
        assert await personal.revoke_grant("g") == 1
        assert await personal.revoke_all_grants() == 1
        assert await personal.grant_log(5) == (LoggedDecision(noon, "s", "c", "notify", "h", "expired", "PC", "x"),)
    assert agent.requested == [
        (METHOD_GRANTS_LIST, {}),
        (METHOD_GRANTS_REVOKE, {"id": "g"}),
        (METHOD_GRANTS_REVOKE, {"all": True}),
        (METHOD_GRANTS_LOG, {"last": 5}),
    ]


async def test_grants_that_do_not_fit_into_one_answer_are_asked_for_until_all_are_here() -> None:
    async def answer(_peer: Peer, _method: str, params: dict[str, Any]) -> Any:
        skip = params.get("skip", 0)
        grant = {
            "id": f"g{skip}",
            "tool": "notify",
            "arguments": {},
            "device": {"label": "PC"},
            "folder": "/home/ada",
            "createdAt": "2026-11-21T12:00:00.000+00:00",
            "expiresAt": "2026-12-21T12:00:00.000+00:00",
        }
        return {"grants": [grant], "left": 2 - skip}

    async with asked(AgentForTests(answer=answer)) as personal:
        assert [grant.id for grant in await personal.list_grants()] == ["g0", "g1", "g2"]


async def test_a_key_without_a_value_is_none() -> None:
    async with asked(answering(get={"data": None})) as personal:
        assert await personal.get_state("nothing") is None


async def test_a_refusal_has_the_servers_code_and_sentence() -> None:
    async with asked(answering(set=acp.RequestError(-32018, "A key has 1 to 200 characters."))) as personal:
        with pytest.raises(ProtocolError, match="1 to 200 characters") as error:
            await personal.set_state("", {})
    assert error.value.code == -32018


async def test_a_reset_that_did_not_succeed_is_an_error_with_the_servers_sentence() -> None:
    async with asked(answering(reset={"success": False, "message": "The database is away."})) as personal:
        with pytest.raises(ProtocolError, match="The database is away"):
            await personal.reset()


@pytest.mark.parametrize("answer", [None, [], 7, {}, {"keys": 7}, {"keys": [1]}])
async def test_an_answer_that_makes_no_sense_is_told_so(answer: Any) -> None:
    async with asked(answering(list=answer)) as personal:
        with pytest.raises(ProtocolError, match=NONSENSE):
            await personal.list_states()


async def test_an_older_ringback_is_told_to_be_one() -> None:
    async with asked(AgentForTests()) as personal:
        with pytest.raises(ProtocolError, match=TOO_OLD):
            await personal.metrics()


async def test_a_server_that_is_not_ours_is_not_even_asked() -> None:
    agent = AgentForTests(is_ringback=False)
    async with asked(agent) as personal:
        with pytest.raises(ProtocolError, match=NOT_A_RINGBACK):
            await personal.list_states()
    assert agent.requested == []


async def test_without_a_connection_a_sentence_says_so_and_after_it_came_back_it_works() -> None:
    tab = TabForTests()
    agent = answering(list={"keys": []})
    async with running(agent):
        link = link_to(agent, tab)
        with pytest.raises(LinkLostError, match=NOT_CONNECTED):
            await link.personal.list_states()
        async with living(link):
            await tab.first(Welcome)
            agent.peers[0].websocket.transport.abort()
            await tab.until(lambda: len(tab.all(Welcome)) == 2)
            assert await link.personal.list_states() == ()
        with pytest.raises(LinkLostError, match=NOT_CONNECTED):
            await link.personal.list_states()


async def test_a_connection_that_breaks_while_one_waits_ends_the_wait() -> None:
    async def vanish(peer: Peer, _method: str, _params: dict[str, Any]) -> Any:
        peer.websocket.transport.abort()
        await asyncio.Event().wait()

    tab = TabForTests()
    agent = AgentForTests(answer=vanish)
    async with running(agent), living(link_to(agent, tab)) as link:
        await tab.first(Welcome)
        with pytest.raises(LinkLostError, match=BROKEN):
            async with asyncio.timeout(5):
                await link.personal.list_states()
        await tab.first(Lost)


@pytest.mark.parametrize("name", ["ANSWER_SECONDS", "RESET_SECONDS"])
async def test_a_server_that_stays_silent_is_waited_for_only_so_long(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stay_silent(_peer: Peer, _method: str, _params: dict[str, Any]) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(asking if hasattr(asking, name) else personal_data, name, 0.05)
    async with asked(AgentForTests(answer=stay_silent)) as personal:
        with pytest.raises(ProtocolError, match=r"did not answer within 0.05 seconds"):
            async with asyncio.timeout(5):
                await (personal.reset() if name == "RESET_SECONDS" else personal.metrics())


async def test_a_value_too_long_for_a_frame_is_refused_here_and_costs_no_connection() -> None:
    agent = answering(list={"keys": []})
    async with asked(agent) as personal:
        with pytest.raises(BadRequestError, match="too long to send"):
            await personal.set_state("big", {"x": "y" * 1_100_000})
        assert await personal.list_states() == ()
    assert len(agent.peers) == 1


# --- a visit from the command line ------------------------------------------------------------------------


async def test_a_visit_asks_and_leaves_and_offers_nothing() -> None:
    errors: list[Any] = []

    async def answer(peer: Peer, _method: str, _params: dict[str, Any]) -> Any:
        params = {"sessionId": SESSION, "toolCallId": "c1", "name": "notify", "arguments": {"message": "x"}}
        errors.append(await peer.client.ext_method(METHOD_TOOL_CALL, params))
        await peer.speak("nobody hears this")
        return {"success": True, "message": "Gone."}

    agent = AgentForTests(answer=answer)
    async with running(agent):
        async with visiting(agent.endpoint, PRESETS[0]) as personal:
            assert await personal.reset() == "Gone."
        await asyncio.wait_for(agent.peers[0].websocket.wait_closed(), 5)
    assert "does not offer the tool notify" in errors[0]["error"]


async def test_a_visit_that_is_not_let_in_says_why(tmp_path: Path) -> None:
    async with running(AgentForTests(refusal=(401, "no\n"))) as agent:
        with pytest.raises(NotLetInError):
            async with visiting(agent.endpoint, PRESETS[0]):
                pytest.fail("it was let in")
    with pytest.raises(LinkLostError):
        async with visiting(Endpoint(f"ws+unix://{tmp_path}/none.sock:/acp"), PRESETS[0]):
            pytest.fail("nothing is there")
