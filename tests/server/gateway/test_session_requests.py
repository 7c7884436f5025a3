"""How a conversation goes from connection to connection, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.context import TurnContext
from server.core.identity import Scope, identity_named
from server.core.lease import Lease
from server.core.session_key import SessionKey
from server.gateway.session_requests import MAX_SESSIONS, SessionRequests
from shared.catalog import FRONTEND_TOOLS, change_bgm
from shared.errors import StorageError
from shared.frames import AgentSaid, Update
from shared.ids import SessionId
from shared.json_types import JsonObject
from tests.server.agent_for_tests import use
from tests.server.gateway.client_for_tests import Client, Gateway, Piece, choosing, listening
from tests.server.gateway.keys_for_tests import KeysInMemory, new_key

PERMISSION = "session/request_permission"
MOVED, HANDED = "_ringback/session/moved", "_ringback/session/handed"
HELD, UNKNOWN, CODE = -32010, -32011, -32020


async def play(turn: TurnContext) -> AsyncIterator[Piece]:
    yield AgentSaid("Let me ask. ")
    yield AgentSaid(str(await use(turn, f"call-{turn.message_id}", change_bgm.SPEC, {"track": 1})))


def device(name: str, *, tools: bool = True) -> dict[str, Any]:
    """What the client of that device says of itself."""
    told = [{"name": s.name, "description": s.description, "inputSchema": s.input_schema} for s in FRONTEND_TOOLS]
    meta: dict[str, Any] = {"ringback/device": {"id": name, "label": name.upper(), "kind": "pc"}}
    return {"_meta": {**meta, "ringback/tools": told} if tools else meta}


async def begin(tab: Client, name: str = "pc") -> tuple[str, str]:
    """A new session of ``tab``: its id and its secret."""
    await tab.introduce(capabilities=device(name))
    answer = (await tab.ask("session/new", {"cwd": "/", "mcpServers": []}))["result"]
    assert answer["_meta"]["ringback/epoch"] == 1
    return answer["sessionId"], answer["_meta"]["ringback/leaseSecret"]


async def come(tab: Client, method: str, session_id: str, **meta: Any) -> dict[str, Any]:
    """The answer to ``session/load`` or ``session/resume``."""
    own = {f"ringback/{name}": value for name, value in meta.items()}
    return await tab.ask(f"session/{method}", {"sessionId": session_id, "cwd": "/", "mcpServers": [], "_meta": own})


def seq_of(frame: dict[str, Any]) -> int | None:
    params = frame.get("params", {})
    seq: int | None = params.get("_meta", {}).get("ringback/seq", params.get("seq"))
    return seq


def seqs(tab: Client) -> list[int]:
    return [seq for frame in tab.frames if "method" in frame and (seq := seq_of(frame)) is not None]


async def ended(tab: Client, nth: int = 1) -> dict[str, Any]:
    return await tab.until_method("_ringback/turn/ended", nth)


async def gone(gateway: Gateway, left: int = 0) -> None:
    async with asyncio.timeout(5):
        while gateway.listener.connections > left or any(talk.holding.is_present for talk in gateway.sessions.live):
            await asyncio.sleep(0.005)


# --- load and resume --------------------------------------------------------------------------------------


async def test_a_load_tells_everything_before_its_answer() -> None:
    async with listening() as gateway:
        async with gateway.client() as tab:
            session_id, _ = await begin(tab)
            for text in ("one", "two"):
                await tab.prompt(session_id, text)
        await gone(gateway)
        async with gateway.client() as later:
            await later.introduce(capabilities=device("phone"))
            answer = await come(later, "load", session_id)
            at = later.frames.index(answer)
            assert seqs(later) == [1, 2, 3, 4, 5, 6]
            assert all(seq_of(frame) is None for frame in later.frames[at:])
            assert answer["result"]["_meta"]["ringback/epoch"] == 2
            assert (await later.prompt(session_id, "three"))["result"] == {"stopReason": "end_turn"}
            assert seqs(later) == list(range(1, 10))


@pytest.mark.parametrize(
    ("last_seq", "replay", "told"),
    [(0, "complete", [1, 2, 3]), (2, "complete", [3]), (3, "complete", []), (4, "gap", []), (10**9, "gap", [])],
)
async def test_a_resume_tells_after_its_answer_exactly_what_is_missing(
    last_seq: int, replay: str, told: list[int]
) -> None:
    async with listening() as gateway:
        async with gateway.client() as tab:
            session_id, _ = await begin(tab)
            await tab.prompt(session_id, "one")
        await gone(gateway)
        async with gateway.client() as later:
            await later.introduce()
            answer = await come(later, "resume", session_id, lastSeq=last_seq)
            assert answer["result"]["_meta"]["ringback/replay"] == replay
            at = later.frames.index(answer)
            assert all(seq_of(frame) is None for frame in later.frames[:at])
            assert "result" in await later.prompt(session_id, "two")
            assert seqs(later) == [*told, 4, 5, 6]


class Failing:
    """Takes the place of the ledger's reading or leasing, until it is ``mended``."""

    def __init__(self, gateway: Gateway, what: str) -> None:
        self.is_mended = False
        ledger = gateway.setup.ledger
        self._updates, self._put_lease = ledger.updates, ledger.put_lease
        if what == "reading":
            ledger.updates = self.updates  # type: ignore[method-assign]  # a storage that fails
        else:
            ledger.put_lease = self.put_lease  # type: ignore[method-assign]  # as above

    async def updates(self, key: SessionKey, *, after: int, limit: int = 500) -> list[tuple[int, Update]]:
        if after > 0 and not self.is_mended:
            raise StorageError("The database failed.")
        return await self._updates(key, after=after, limit=min(limit, 2))

    def put_lease(self, key: SessionKey, lease: Lease) -> asyncio.Future[bool]:
        if self.is_mended:
            return self._put_lease(key, lease)
        failed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        failed.set_exception(StorageError("The database failed."))
        return failed


@pytest.mark.parametrize("what", ["reading", "leasing"])
@pytest.mark.parametrize("method", ["resume", "load"])
async def test_what_cannot_be_replayed_is_an_error_and_the_conversation_is_free_to_be_taken_anew(
    method: str, what: str
) -> None:
    async with listening() as gateway:
        async with gateway.client() as tab:
            session_id, secret = await begin(tab)
            await tab.prompt(session_id, "one")
        await gone(gateway)
        failing = Failing(gateway, what)
        async with gateway.client() as later, gateway.client() as other:
            await later.introduce()
            await other.introduce(capabilities=device("phone"))
            answer = await come(later, method, session_id, lastSeq=0, leaseSecret=secret)
            assert answer["error"]["code"] == StorageError.code
            assert (await later.prompt(session_id, "two"))["error"]["code"] == UNKNOWN
            assert seqs(later) == [], "nothing of what has a hole in it"
            failing.is_mended = True
            assert (await come(other, "resume", session_id, lastSeq=0))["result"]["_meta"][
                "ringback/replay"
            ] == "complete"
            assert "result" in await come(later, method, session_id, lastSeq=0, takeOver=True)
            assert "result" in await later.prompt(session_id, "two")
            assert seqs(later) == [1, 2, 3, 4, 5, 6]
            assert seqs(other) == [1, 2, 3]


async def test_after_a_gap_the_same_connection_loads_everything() -> None:
    async with listening() as gateway:
        async with gateway.client() as tab:
            session_id, _ = await begin(tab)
            await tab.prompt(session_id, "one")
        await gone(gateway)
        async with gateway.client() as later:
            await later.introduce()
            await come(later, "resume", session_id, lastSeq=99)
            assert "result" in await come(later, "load", session_id)
            assert seqs(later) == [1, 2, 3]
            assert not [frame for frame in later.frames if frame.get("method") == MOVED], "it is itself who came"


@pytest.mark.parametrize("last_seq", [-1, "3", 1.5, [1], True])
async def test_a_number_that_makes_no_sense_is_refused_and_takes_nothing(last_seq: Any) -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await other.introduce()
        answer = await come(other, "resume", session_id, lastSeq=last_seq, takeOver=True)
        assert answer["error"]["code"] == -32602
        assert "result" in await tab.prompt(session_id, "still mine")


def offers(tab: Client) -> list[int]:
    """Where among its frames a tab was offered the commands."""
    kinds = [frame.get("params", {}).get("update", {}).get("sessionUpdate") for frame in tab.frames]
    return [at for at, kind in enumerate(kinds) if kind == "available_commands_update"]


@pytest.mark.parametrize("method", ["load", "resume"])
async def test_commands_come_once_the_opening_is_answered(method: str) -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await tab.prompt(session_id, "one")
        await other.introduce()
        answer = await come(other, method, session_id, lastSeq=0, takeOver=True)
        await other.until(lambda _: bool(offers(other)))
        assert "result" in await other.prompt(session_id, "two")
        (at,) = offers(other)
        assert at > other.frames.index(answer)


# --- held, taken over, taken back -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["load", "resume"])
async def test_what_another_device_holds_is_refused_and_names_it(method: str) -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await other.introduce(capabilities=device("phone"))
        for wrong in ({}, {"leaseSecret": "a guess"}, {"takeOver": False}):
            error = (await come(other, method, session_id, **wrong))["error"]
            assert error["code"] == HELD
            assert error["data"] == {"ringback/holder": {"id": "pc", "label": "PC", "kind": "pc"}}
        assert "result" in await tab.prompt(session_id, "still mine")
        assert seqs(other) == []


async def test_of_two_who_take_over_at_once_the_loser_is_told_so_by_a_later_lease_than_its_own() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as one, gateway.client() as two:
        session_id, _ = await begin(tab)
        await tab.prompt(session_id, "hello")
        for other in (one, two):
            await other.introduce()
        answers = await asyncio.gather(
            *(come(other, "resume", session_id, lastSeq=0, takeOver=True) for other in (one, two))
        )
        epochs = [answer["result"]["_meta"]["ringback/epoch"] for answer in answers]
        assert sorted(epochs) == [2, 3]
        loser = (one, two)[epochs.index(2)]
        assert (await loser.until_method(MOVED))["params"]["epoch"] == 3


async def test_who_takes_over_gets_the_question_and_the_one_before_is_told_and_can_do_nothing_more() -> None:
    async with listening(play) as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await tab.begin("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]})
        asked = await tab.until_method(PERMISSION)
        await other.introduce(capabilities=device("phone"))
        answer = await come(other, "resume", session_id, lastSeq=0, takeOver=True)
        moved = await tab.until_method(MOVED)
        assert moved["params"] == {
            "sessionId": session_id,
            "epoch": 2,
            "holder": {"id": "phone", "label": "PHONE", "kind": "pc"},
        }
        again = await other.until_method(PERMISSION)
        assert again["params"]["toolCall"]["toolCallId"] == asked["params"]["toolCall"]["toolCallId"]
        assert other.frames.index(again) > other.frames.index(answer)
        # A yes of the one before does nothing.
        outcome: JsonObject = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}
        await tab.send(_reply(asked["id"], outcome))
        assert (await tab.prompt(session_id, "mine?"))["error"]["code"] == HELD
        await tab.notify("session/cancel", {"sessionId": session_id})
        assert "error" in await tab.ask("no/such", {})
        assert not [f for f in (*tab.frames, *other.frames) if f.get("method") == "_ringback/tool/call"]
        await other.send(_reply(again["id"], {"outcome": {"outcome": "selected", "optionId": "reject_once"}}))
        assert (await ended(other))["params"]["stopReason"] == "end_turn"
        assert seqs(other) == list(range(1, len(seqs(other)) + 1))


def _reply(request_id: Any, result: JsonObject) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result})


async def test_the_secret_takes_it_back_from_a_connection_that_is_only_half_there() -> None:
    async with listening() as gateway, gateway.client() as stale, gateway.client() as back:
        session_id, secret = await begin(stale)
        await stale.prompt(session_id, "one")
        await back.introduce(capabilities=device("pc"))
        answer = await come(back, "resume", session_id, lastSeq=3, leaseSecret=secret)
        assert answer["result"]["_meta"]["ringback/leaseSecret"] == secret
        assert answer["result"]["_meta"]["ringback/epoch"] == 2
        assert "result" in await back.prompt(session_id, "two")
        assert seqs(back) == [4, 5, 6]
        assert seqs(stale) == [1, 2, 3]


async def test_somebody_elses_session_and_an_invented_one_get_one_answer_in_every_way() -> None:
    keys = KeysInMemory()
    text, key = new_key(identity_named("acme", "ada"), Scope.CHAT)
    await keys.create(key)
    async with (
        listening(keys=keys) as gateway,
        gateway.client() as tab,
        gateway.client(Authorization=f"Bearer {text}") as other,
    ):
        session_id, secret = await begin(tab)
        await tab.prompt(session_id, "one")
        await other.introduce()
        for method in ("load", "resume"):
            for name in (session_id, "invented"):
                answer = await come(other, method, name, lastSeq=0, takeOver=True, leaseSecret=secret)
                assert answer["error"]["code"] == UNKNOWN
                assert "held" not in answer["error"]["message"]
        assert seqs(other) == []
        assert "result" in await tab.prompt(session_id, "two")


async def test_a_closed_session_is_not_held_any_more_and_can_be_loaded_again() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await tab.prompt(session_id, "one")
        assert (await tab.ask("session/close", {"sessionId": session_id}))["result"] == {}
        assert (await tab.prompt(session_id, "two"))["error"]["code"] == UNKNOWN
        await other.introduce()
        assert "result" in await come(other, "load", session_id)
        assert seqs(other) == [1, 2, 3]
        assert (await tab.ask("session/close", {"sessionId": session_id}))["error"]["code"] == HELD


async def test_closing_cancels_the_running_turn() -> None:
    async with listening(play) as gateway, gateway.client() as tab:
        session_id, _ = await begin(tab)
        number = await tab.begin("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]})
        await tab.until_method(PERMISSION)
        assert (await tab.ask("session/close", {"sessionId": session_id}))["result"] == {}
        answer = await tab.until(lambda frame: frame.get("id") == number)
        assert answer["result"] == {"stopReason": "cancelled"}
        assert gateway.sessions.running_turns == 0


async def test_a_prompt_that_is_under_way_when_its_tab_loses_the_conversation_gets_the_end_of_its_turn() -> None:
    async with listening(play) as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        said = {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]}
        under_way = [await tab.begin("session/prompt", said) for _ in range(2)]
        await tab.until_method(PERMISSION)
        await other.introduce(capabilities=device("phone"))
        await come(other, "resume", session_id, lastSeq=0, takeOver=True)
        too_late = await tab.begin("session/prompt", said)
        refused = await tab.until(lambda frame: frame.get("id") == too_late)
        assert refused["error"]["code"] == HELD
        assert refused["error"]["data"]["ringback/holder"]["label"] == "PHONE"
        for nth in (1, 2):
            asked = await other.until_method(PERMISSION, nth)
            await other.send(_reply(asked["id"], {"outcome": {"outcome": "selected", "optionId": "reject_once"}}))
        for number in under_way:
            answer = await tab.until(lambda frame, number=number: frame.get("id") == number)  # type: ignore[misc]
            assert answer["result"] == {"stopReason": "end_turn"}


async def test_a_connections_folders_do_not_grow_with_sessions_that_it_does_not_hold_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[SessionRequests] = []

    class Seen(SessionRequests):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr("server.gateway.connection.SessionRequests", Seen)
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        held, _ = await begin(other, "phone")
        await tab.introduce(capabilities=device("pc"))
        (requests,) = [one for one in made if one.opened_by(SessionId(held)) is None]
        for _ in range(3):
            begun = (await tab.ask("session/new", {"cwd": "/", "mcpServers": []}))["result"]["sessionId"]
            assert [*requests.folders] == [begun]
            assert (await come(tab, "resume", held))["error"]["code"] == HELD
            assert (await come(tab, "load", "invented"))["error"]["code"] == UNKNOWN
            await tab.ask("session/close", {"sessionId": begun})
            assert [*requests.folders] == []
        # Neither with those that were taken, once it is looked how many there are.
        for _ in range(3):
            begun = (await tab.ask("session/new", {"cwd": "/", "mcpServers": []}))["result"]["sessionId"]
            assert [*requests.folders] == [begun]
            await tab.prompt(begun, "hello")
            assert "result" in await come(other, "load", begun, takeOver=True)


# --- handing over -----------------------------------------------------------------------------------------


async def test_a_code_takes_the_conversation_once_and_everything_is_told_there() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await tab.prompt(session_id, "one")
        code = (await tab.ask("_ringback/session/handoff", {"sessionId": session_id}))["result"]["code"]
        await other.introduce(capabilities=device("phone"))
        spelled = f" {code[:4].lower()}-{code[4:]} "
        answer = await other.ask("_ringback/session/redeem", {"code": spelled, "cwd": "/"})
        assert answer["result"]["sessionId"] == session_id
        assert "result" in await other.prompt(session_id, "two")
        assert seqs(other) == [1, 2, 3, 4, 5, 6]
        assert min(other.frames.index(f) for f in other.frames if seq_of(f)) > other.frames.index(answer)
        await tab.until_method(MOVED)
        again = await other.ask("_ringback/session/redeem", {"code": code, "cwd": "/"})
        assert again["error"]["code"] == CODE


@pytest.mark.parametrize("how", ["late", "foreign", "replaced", "invented"])
async def test_a_code_that_does_not_count_is_refused_and_takes_nothing(how: str) -> None:
    keys = KeysInMemory()
    text, key = new_key(identity_named("acme", "ada"), Scope.CHAT)
    await keys.create(key)
    headers = {"Authorization": f"Bearer {text}"} if how == "foreign" else {}
    async with listening(keys=keys) as gateway, gateway.client() as tab, gateway.client(**headers) as other:
        session_id, _ = await begin(tab)
        code = (await tab.ask("_ringback/session/handoff", {"sessionId": session_id}))["result"]["code"]
        if how == "late":
            gateway.setup.ahead = 301
        if how == "replaced":
            await tab.ask("_ringback/session/handoff", {"sessionId": session_id})
        if how == "invented":
            code = "ABCDEFGHJKMN"
        await other.introduce()
        answer = await other.ask("_ringback/session/redeem", {"code": code, "cwd": "/"})
        assert answer["error"]["code"] == CODE
        assert "result" in await tab.prompt(session_id, "still mine")


async def test_a_connection_that_gives_its_sessions_away_may_begin_others() -> None:
    async with listening() as gateway, gateway.client() as giver, gateway.client() as taker:
        await giver.introduce(capabilities=device("pc"))
        await taker.introduce(capabilities=device("phone"))
        for _ in range(MAX_SESSIONS + 3):
            begun = await giver.ask("session/new", {"cwd": "/", "mcpServers": []})
            session_id = begun["result"]["sessionId"]
            code = (await giver.ask("_ringback/session/handoff", {"sessionId": session_id}))["result"]["code"]
            assert "result" in await taker.ask("_ringback/session/redeem", {"code": code, "cwd": "/"})
            assert "result" in await taker.ask("session/close", {"sessionId": session_id})


async def test_closing_does_not_unseat_whoever_takes_it_over_meanwhile() -> None:
    async with listening(play) as gateway, gateway.client() as first, gateway.client() as second:
        session_id, _ = await begin(first)
        prompting = asyncio.create_task(first.prompt(session_id, "one"))
        await first.until_method(PERMISSION)
        await second.introduce(capabilities=device("phone"))
        closing = asyncio.create_task(first.ask("session/close", {"sessionId": session_id}))
        assert "result" in await come(second, "resume", session_id, takeOver=True)
        await closing
        # Whichever came first: the second one holds it, and nobody gets it without a word.
        async with gateway.client() as third:
            await third.introduce(capabilities=device("tv"))
            answer = await come(third, "resume", session_id)
            assert answer["error"]["code"] == HELD
        prompting.cancel()


async def test_a_session_is_handed_to_a_device_from_the_list() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await other.introduce(capabilities=device("phone", tools=False))
        await tab.until_method("_ringback/devices/changed")
        devices = (await tab.ask("_ringback/devices/list", {}))["result"]["devices"]
        assert [(d["id"], d["label"], d["isSelf"], bool(d["tools"])) for d in devices] == [
            ("pc", "PC", True, True),
            ("phone", "PHONE", False, False),
        ]
        await tab.ask("_ringback/session/handoff", {"sessionId": session_id, "to": devices[1]["connection"]})
        handed = (await other.until_method(HANDED))["params"]
        assert (handed["sessionId"], handed["from"]["id"]) == (session_id, "pc")
        assert "result" in await other.ask("_ringback/session/redeem", {"code": handed["code"], "cwd": "/"})
        assert "result" in await other.prompt(session_id, "mine")
        for to in (devices[0]["connection"], "no such connection"):
            refused = await other.ask("_ringback/session/handoff", {"sessionId": session_id, "to": to})
            assert ("error" in refused) is (to == "no such connection")


async def test_only_the_holder_hands_a_session_over_and_not_to_itself() -> None:
    async with listening() as gateway, gateway.client() as tab, gateway.client() as other:
        session_id, _ = await begin(tab)
        await other.introduce()
        refused = await other.ask("_ringback/session/handoff", {"sessionId": session_id})
        assert refused["error"]["code"] == HELD
        devices = (await tab.ask("_ringback/devices/list", {}))["result"]["devices"]
        me = next(each["connection"] for each in devices if each["isSelf"])
        refused = await tab.ask("_ringback/session/handoff", {"sessionId": session_id, "to": me})
        assert refused["error"]["code"] == -32602


async def test_nobody_sees_the_devices_of_somebody_else() -> None:
    keys = KeysInMemory()
    text, key = new_key(identity_named("acme", "ada"), Scope.CHAT)
    await keys.create(key)
    async with (
        listening(keys=keys) as gateway,
        gateway.client() as tab,
        gateway.client(Authorization=f"Bearer {text}") as other,
    ):
        session_id, _ = await begin(tab)
        await other.introduce()
        (mine,) = (await tab.ask("_ringback/devices/list", {}))["result"]["devices"]
        (theirs,) = (await other.ask("_ringback/devices/list", {}))["result"]["devices"]
        assert mine["connection"] != theirs["connection"]
        refused = await tab.ask("_ringback/session/handoff", {"sessionId": session_id, "to": theirs["connection"]})
        assert refused["error"]["code"] == -32602
        assert not [f for f in other.frames if f.get("method") in {HANDED, "_ringback/devices/changed"}]


# --- another device is asked ------------------------------------------------------------------------------


async def on_the_phone(tab: Client, phone: Client) -> tuple[str, str]:
    """The person sends the question on from ``tab`` to ``phone``: the session and the prompt's request."""
    session_id, _ = await begin(tab)
    await phone.introduce(capabilities=device("phone"))
    number = await tab.begin("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]})
    asked = await tab.until_method(PERMISSION)
    devices = (await tab.ask("_ringback/devices/list", {}))["result"]["devices"]
    to = next(each["connection"] for each in devices if each["id"] == "phone")
    chosen: JsonObject = {"outcome": "selected", "optionId": "allow_once"}
    await tab.send(_reply(asked["id"], {"outcome": chosen, "_meta": {"ringback/askDevice": to}}))
    shown = await phone.until_method(PERMISSION)
    assert shown["params"]["_meta"]["ringback/approval"]["askedBy"] == "PC"
    return session_id, number


async def run(params: Any) -> dict[str, Any]:
    return {"result": {"result": {"success": True, "track": params["arguments"]["track"]}}}


async def test_a_question_that_is_sent_on_is_shown_and_runs_on_that_device_only() -> None:
    async with listening(play) as gateway, gateway.client() as tab, gateway.client() as phone:
        tab.answers["_ringback/tool/call"] = phone.answers["_ringback/tool/call"] = run
        phone.answers[PERMISSION] = choosing("allow_once")
        _, number = await on_the_phone(tab, phone)
        await tab.until(lambda frame: frame.get("id") == number and "result" in frame)
        calls = [[f for f in one.frames if f.get("method") == "_ringback/tool/call"] for one in (tab, phone)]
        assert [len(of_one) for of_one in calls] == [0, 1]
        assert len([f for f in tab.frames if f.get("method") == PERMISSION]) == 1
        assert seqs(phone) == [], "the conversation stays where it is"


async def test_a_device_that_goes_while_it_is_asked_leaves_the_question_to_the_holder() -> None:
    async with listening(play) as gateway, gateway.client() as tab:
        tab.answers["_ringback/tool/call"] = run
        async with gateway.client() as phone:
            _, number = await on_the_phone(tab, phone)
        again = await tab.until_method(PERMISSION, 2)
        await tab.send(_reply(again["id"], {"outcome": {"outcome": "selected", "optionId": "allow_once"}}))
        await tab.until(lambda frame: frame.get("id") == number and "result" in frame)
        assert len([f for f in tab.frames if f.get("method") == "_ringback/tool/call"]) == 1


@pytest.mark.parametrize("to", ["no such connection", "a device without the tool", "itself"])
async def test_a_device_that_cannot_be_asked_leaves_the_question_where_it_is(to: str) -> None:
    async with listening(play) as gateway, gateway.client() as tab, gateway.client() as phone:
        session_id, _ = await begin(tab)
        await phone.introduce(capabilities=device("phone", tools=False))
        number = await tab.begin("session/prompt", {"sessionId": session_id, "prompt": [{"type": "text", "text": "x"}]})
        asked = await tab.until_method(PERMISSION)
        devices = (await tab.ask("_ringback/devices/list", {}))["result"]["devices"]
        found = {"a device without the tool": "phone", "itself": "pc"}.get(to)
        name = next((each["connection"] for each in devices if each["id"] == found), to)
        chosen: JsonObject = {"outcome": "selected", "optionId": "allow_once"}
        await tab.send(_reply(asked["id"], {"outcome": chosen, "_meta": {"ringback/askDevice": name}}))
        again = await tab.until_method(PERMISSION, 2)
        await tab.until_method("_ringback/notice")
        await tab.send(_reply(again["id"], {"outcome": {"outcome": "selected", "optionId": "reject_once"}}))
        await tab.until(lambda frame: frame.get("id") == number and "result" in frame)
        assert not [f for f in phone.frames if f.get("method") == PERMISSION]


@pytest.mark.parametrize("is_asleep", [False, True])
async def test_after_a_reset_a_tab_takes_its_conversation_back_with_the_secret_that_it_was_told(
    is_asleep: bool,
) -> None:
    async with listening(play) as gateway, gateway.client() as tab, gateway.client() as later:
        tab.answers[PERMISSION] = choosing("allow_once")
        calls: list[int] = []

        async def run(params: Any) -> dict[str, Any]:
            calls.append(params["epoch"])
            return {"result": {"result": {"success": True}}}

        tab.answers["_ringback/tool/call"] = run
        session_id, _ = await begin(tab)
        await tab.prompt(session_id, "one")
        secret = (await come(tab, "resume", session_id, lastSeq=0))["result"]["_meta"]["ringback/leaseSecret"]
        if is_asleep:
            await asleep(gateway)
        assert (await tab.ask("_ringback/reset", {"confirm": True}))["result"]["success"]
        assert "result" in await tab.prompt(session_id, "two")
        assert calls == [1, 2], "a tool of an older epoch would be refused"
        await later.introduce(capabilities=device("pc"))
        taken = await come(later, "resume", session_id, lastSeq=0, leaseSecret=secret)
        assert taken["result"]["_meta"]["ringback/epoch"] == 3


async def asleep(gateway: Gateway) -> None:
    """Let go of what is in memory, as after half an hour."""
    async with asyncio.timeout(5):
        while gateway.sessions.live:
            for talk in gateway.sessions.live:
                talk.context.active_at = -1e9
            await gateway.sessions.cleanup_inactive()
