"""Many conversations of many people in several tenants at once: nobody sees, or counts, what is another's.

Three tenants have users of the same names. Every turn asks for tools at once that read and write the shared state,
the todos, the usage and the history of repeated calls; each value names its owner, so a stray one is seen.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
import uuid
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import jwt
import pytest

from server.core.identity import Identity, identity_named
from server.storage.engine import make_engine, sqlite_url
from server.storage.sql_usage import SqlUsage
from shared.acp_names import META_USAGE, METHOD_STATE_GET
from shared.ids import SessionId
from shared.usage import TokenUsage
from tests.journeys.raw_tab import Message, RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server, running_server
from tests.own_tools.probe import KEY

TENANTS = ("default", "acme", "a:b")
SECRET = b"a key for tests, with 32 bytes at least"
PROBES = {"probe", "sync_probe"}
PATIENCE = 300.0
"""How long a turn may take among all the others, in seconds."""


@dataclass(frozen=True)
class Size:
    """How many user names (each in all tenants), conversations, and turns in each."""

    users: int
    conversations: int
    turns: int


@dataclass
class Trial:
    """What was seen: how many reports, the usage told last, and everything that was not as promised."""

    reports: int = 0
    told: dict[str, TokenUsage] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def check(self, is_right: bool, what: str) -> None:
        if not is_right:
            self.wrong.append(what)


def people(size: Size) -> list[Identity]:
    return [identity_named(tenant, f"user-{n}") for n in range(size.users) for tenant in TENANTS]


def settings(home: Path) -> dict[str, str]:
    """The server takes tokens signed with our key, and has the probes as tools."""
    home.mkdir(parents=True, exist_ok=True)
    key = {"kty": "oct", "kid": "tests", "k": base64.urlsafe_b64encode(SECRET).rstrip(b"=").decode()}
    jwks = home / "jwks.json"
    jwks.write_text(json.dumps({"keys": [key]}), encoding="utf-8")
    jwks.chmod(0o600)
    return {
        "RINGBACK_JWKS": str(jwks),
        "RINGBACK_JWT_ISSUER": "tests",
        "RINGBACK_JWT_AUDIENCE": "ringback",
        "RINGBACK_TOOLS": "tests.own_tools.probe:Probe,tests.own_tools.probe:SyncProbe",
    }


def token_of(who: Identity) -> str:
    now = int(time.time())
    claims = {"iat": now, "exp": now + 3600, "iss": "tests", "aud": "ringback", "jti": uuid.uuid4().hex}
    return jwt.encode({**claims, "sub": who.user_id, "tenant": who.tenant}, SECRET, "HS256", {"kid": "tests"})


def usage_of(tab: RawTab, counted: str) -> TokenUsage:
    told = [update for update in tab.updates if update["sessionUpdate"] == "usage_update"]
    return TokenUsage(**told[-1]["_meta"][META_USAGE][counted])


def more_than(found: list[Message], count: int) -> bool:
    return len(found) > count


async def answer_all(tab: RawTab, trial: Trial) -> None:
    """Always allow the probes, once; nothing else may ask."""
    for number in itertools.count():
        async with tab.news:
            await tab.news.wait_for(partial(more_than, tab.asked, number))
        asked = tab.asked[number]
        title = asked["params"]["_meta"]["ringback/approval"]["name"]
        trial.check(title in PROBES, f"{tab.device}: asked about {title}, {asked['params']['_meta']}")
        await tab.answer(asked, "allow_tool")


def look_at(result: Message, who: Identity, tab: RawTab, trial: Trial) -> None:
    """One report of a probe: everything in it belongs to the conversation and its person."""
    me = f"{who.tenant}/{who.user_id}"
    trial.reports += 1
    if "people" not in result:
        trial.wrong.append(f"{tab.device}: {result}")
        return
    trial.check(set(result["people"].values()) == {me}, f"{tab.device} of {me} ran as {result['people']}")
    trial.check(result["session"] == tab.session_id, f"{tab.device} ran in {result['session']}")
    strays = [name for name in result["fields"] if not name.startswith(f"{me}/")]
    trial.check(not strays, f"{me} sees {strays}")
    strays = [todo for todo in result["todos"] if not todo.startswith(f"{me}/{tab.device}/")]
    trial.check(not strays, f"{tab.device} of {me} has the todos {strays}")
    trial.check(result["repeats"] <= 2, f"{tab.device}: {result['repeats']} repeated calls counted")


async def talk(tab: RawTab, who: Identity, turns: int, trial: Trial) -> None:
    me = f"{who.tenant}/{who.user_id}/{tab.device}"
    used = TokenUsage()
    for turn in range(turns):
        marker = f"{me}/{turn}"
        calls = [
            ("update_todos", {"items": [{"content": marker}]}),
            ("calculate", {"expression": "1+1"}),
            ("calculate", {"expression": "1+1"}),
            ("probe", {"marker": marker}),
            ("sync_probe", {"marker": marker}),
        ]
        end = await tab.prompt("/tools " + " | ".join(f"{name} {json.dumps(given)}" for name, given in calls))
        trial.check("result" in end, f"{me}: {end}")
        names = {
            u["toolCallId"]: u["_meta"]["ringback/toolName"] for u in tab.updates if u["sessionUpdate"] == "tool_call"
        }
        for update in tab.updates:
            if names.get(update.get("toolCallId")) in PROBES and "rawOutput" in update:
                look_at(update["rawOutput"], who, tab, trial)
        told = usage_of(tab, "session")
        trial.check(told.total > used.total, f"{me}: usage went from {used} to {told}")
        used = told
        tab.frames.clear()
        trial.told[tab.session_id] = told


async def run_trial(server: RunningServer, size: Size) -> Trial:
    trial = Trial()
    everybody = people(size)
    tabs: dict[Identity, list[RawTab]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        answering = await stack.enter_async_context(asyncio.TaskGroup())
        answerers = []
        for number in range(size.conversations):
            who = everybody[number % len(everybody)]
            tab = await stack.enter_async_context(raw_tab(server.url, token_of(who), device=f"talk-{number}"))
            tab.patience = PATIENCE
            trial.check(tab.session_id.startswith(f"session_{who.user_id}_"), f"{who} has {tab.session_id}")
            tabs[who].append(tab)
            answerers.append(answering.create_task(answer_all(tab, trial)))
        await asyncio.gather(*(talk(t, who, size.turns, trial) for who, mine in tabs.items() for t in mine))
        for answerer in answerers:
            answerer.cancel()
        for who, mine in tabs.items():
            await look_at_the_end(server, who, mine, size, trial)
    return trial


async def look_at_the_end(server: RunningServer, who: Identity, tabs: list[RawTab], size: Size, trial: Trial) -> None:
    """Nothing that was written is lost, and the books say what the tabs were told."""
    me = f"{who.tenant}/{who.user_id}"
    answer = await tabs[0].request(f"_{METHOD_STATE_GET}", {"key": KEY})
    expected = {
        f"{me}/{tab.device}/{turn}/{kind}": f"{me}/{tab.device}/{turn}"
        for tab in tabs
        for turn in range(size.turns)
        for kind in ("async", "sync")
    }
    trial.check(answer["result"]["data"] == expected, f"{me}: the state differs from what was written")
    engine = make_engine(sqlite_url(server.data_dir / "ringback.db"))
    try:
        books = SqlUsage(engine)
        total = TokenUsage()
        for tab in tabs:
            booked = await books.of_session(who, SessionId(tab.session_id))
            trial.check(booked == trial.told[tab.session_id], f"{tab.device}: {booked} booked, not as told")
            total += booked
        trial.check(await books.of_user(who) == total, f"{me}: the books of the person do not add up")
    finally:
        await engine.dispose()


async def check(home: Path, size: Size) -> None:
    async with running_server(home, environ=settings(home)) as server:
        trial = await run_trial(server, size)
    assert trial.wrong == []
    assert trial.reports == size.conversations * size.turns * 2
    print(
        f"{size.conversations} conversations of {size.users} users in {len(TENANTS)} tenants, {trial.reports} reports: "
        "0 values of another person or conversation"
    )


async def test_nobody_sees_what_is_anothers(tmp_path: Path) -> None:
    await check(tmp_path, Size(users=4, conversations=24, turns=2))


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_two_hundred_conversations_of_sixty_people_do_not_meet(tmp_path: Path) -> None:
    await check(tmp_path, Size(users=20, conversations=200, turns=5))


@pytest.mark.parametrize("plant", ["global_context", "bare_threads"])
async def test_the_trial_fails_on_a_planted_bug(tmp_path: Path, plant: str) -> None:
    async with fresh_server(tmp_path, module=f"tests.plants.{plant}", environ=settings(tmp_path)) as server:
        trial = await run_trial(server, Size(users=2, conversations=8, turns=1))
    assert trial.wrong
