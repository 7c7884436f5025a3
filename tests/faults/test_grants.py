""" "Always allow" never widens: a call outside the exact grant asks, and what the grant is for does not."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections import Counter
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.acp_names import METHOD_GRANTS_LIST, METHOD_GRANTS_REVOKE
from shared.catalog import FRONTEND_TOOLS
from shared.tool_spec import ToolSpec
from tests.faults.any_arguments import Arguments, any_arguments, changed
from tests.faults.nursery import Nursery
from tests.journeys.raw_tab import RawTab, raw_tab
from tests.server.gateway.issuer_for_tests import AUDIENCE, ISSUER, claims, jwk, token, written

TOOL, OTHER_TOOL, COMMAND = "notify", "change_bgm", "run_command"
SPECS = (
    *(spec for spec in FRONTEND_TOOLS if spec.name != COMMAND),
    ToolSpec(COMMAND, COMMAND, "As a client says that pretends it were harmless.", {"type": "object"}),
)
PEOPLE = {
    "owner": ("ada", "default", "pc", "/work"),
    "same device": ("ada", "default", "pc", "/work"),
    "other folder": ("ada", "default", "pc", "/tmp/cloned"),
    "other device": ("ada", "default", "phone", "/work"),
    "other user": ("bob", "default", "pc", "/work"),
    "other tenant": ("ada", "acme", "pc", "/work"),
}
"""For each tab: user, tenant, device, working folder."""
STRANGERS = ("other folder", "other device", "other user", "other tenant")
CHANGED_EACH_ROUND = 4
ALIKE = ((1, True), (1, 1.0), (1, "1"), (0, False), (0, -0.0), (None, "None"), ([1], [True]), ("true", True))
"""Values that some language takes for the same."""


@dataclass
class Tally:
    """What a series of trials saw: ``outside`` a grant, and ``inside``, where nobody was to be asked."""

    outside: int = 0
    inside: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)


class Trial:
    """Grants of one person, and calls of that person and others."""

    def __init__(self, tabs: dict[str, RawTab], database: Path, dice: random.Random) -> None:
        self.tabs = tabs
        self.database = database
        self.dice = dice
        self.tally = Tally()

    async def call(self, who: str, tool: str, arguments: Arguments, answer: str = "reject_once") -> bool:
        """Have the agent call the tool there; whether somebody was asked, who then gave that answer."""
        tab = self.tabs[who]
        asked, ended, called = len(tab.asked), len(tab.ends), len(tab.called)
        turn = asyncio.create_task(tab.prompt(f"/tool {tool} {json.dumps(arguments)}"))
        await tab.until(lambda: len(tab.asked) > asked or len(tab.ends) > ended)
        is_asked = len(tab.asked) > asked
        if is_asked:
            await tab.answer(tab.asked[-1], answer)
        await turn
        has_run = len(tab.called) > called
        if has_run is (is_asked and answer.startswith("reject")):
            self.tally.wrongs.append(f"{tool} {arguments} in {who} was answered {answer}, and ran: {has_run}")
        return is_asked

    async def outside(self, way: str, who: str, tool: str, arguments: Arguments) -> None:
        """A call that no grant covers."""
        self.tally.outside += 1
        self.tally.ways[way] += 1
        if not await self.call(who, tool, arguments):
            self.tally.wrongs.append(f"nobody was asked: {way}, {tool} {arguments} in {who}")

    async def inside(self, who: str, tool: str, arguments: Arguments) -> None:
        """A call that a grant covers."""
        self.tally.inside += 1
        if await self.call(who, tool, arguments):
            self.tally.wrongs.append(f"somebody was asked all the same: {tool} {arguments} in {who}")

    async def granted(self, tool: str, arguments: Arguments) -> None:
        """The owner allows it always, with exactly these arguments."""
        if not await self.call("owner", tool, arguments, "allow_exact"):
            self.tally.wrongs.append(f"{tool} {arguments} was granted before")

    async def round(self, number: int) -> None:
        """One grant, everything around it, and its end."""
        granted = any_arguments(self.dice, f"call {number}")
        one, other = self.dice.choice(ALIKE)
        granted["alike"] = one
        await self.granted(TOOL, granted)
        await asyncio.gather(
            self._around(granted, {**granted, "alike": other}),
            *(self.outside(who, who, TOOL, granted) for who in STRANGERS),
        )
        await self.inside("owner", TOOL, dict(reversed(granted.items())))
        way = ("expired", "revoked")[number % 2]
        await (self._expire() if way == "expired" else self._revoke())
        await self.outside(way, self.dice.choice(("owner", "same device")), TOOL, granted)
        await self._only_exactly(number)

    async def _around(self, granted: Arguments, alike: Arguments) -> None:
        await self.inside("same device", TOOL, granted)
        await self.outside("another type", "same device", TOOL, alike)
        await self.outside("another tool", "same device", OTHER_TOOL, granted)
        for _ in range(CHANGED_EACH_ROUND):
            await self.outside("other arguments", "same device", TOOL, changed(self.dice, granted))

    async def _only_exactly(self, number: int) -> None:
        tab, command = self.tabs["same device"], {"command": f"ls {number}"}
        if not await self.call("same device", COMMAND, command, "reject_once"):
            self.tally.wrongs.append(f"nobody was asked about {command}")
        offered = [option["optionId"] for option in tab.asked[-1]["params"]["options"]]
        if offered != ["allow_once", "allow_exact", "reject_once", "reject_tool"]:
            self.tally.wrongs.append(f"{COMMAND} offers {offered}")
        ran = len(tab.called)
        asked = len(tab.asked)
        turn = asyncio.create_task(tab.prompt(f"/tool {COMMAND} {json.dumps(command)}"))
        await tab.until(lambda: len(tab.asked) > asked)
        await tab.answer(tab.asked[-1], "allow_tool")
        await turn
        if len(tab.called) > ran:
            self.tally.wrongs.append(f"{COMMAND} ran by an answer that it does not offer")
        await self.outside("allowed as a tool", "same device", COMMAND, {"command": f"rm {number}"})

    async def _expire(self) -> None:
        def change() -> None:
            with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
                connection.execute('UPDATE "grant" SET expires_at = ?', (time.time() - 0.001,))

        await asyncio.to_thread(change)

    async def _revoke(self) -> None:
        tab = self.tabs["other device"]
        grants = (await tab.request(f"_{METHOD_GRANTS_LIST}", {}))["result"]["grants"]
        for stranger in ("other user", "other tenant"):
            refused = await self.tabs[stranger].request(f"_{METHOD_GRANTS_REVOKE}", {"id": grants[-1]["id"]})
            if refused.get("error", {}).get("code") != -32021:
                self.tally.wrongs.append(f"{stranger} took a grant back by its id")
        answer = await tab.request(f"_{METHOD_GRANTS_REVOKE}", {"id": grants[-1]["id"]})
        assert answer["result"] == {"revoked": 1}


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    """Rounds until ``count`` calls outside of a grant were made, or something is wrong."""
    begun = time.monotonic()
    config = home / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    keys = written(home / "keys.json", jwk("HS256"))
    config.write_text(f'[server]\njwks = "{keys}"\njwt_issuer = "{ISSUER}"\njwt_audience = "{AUDIENCE}"\n')
    faults = {} if plant is None else {"plant": plant}
    async with nursery.life(home, faults=faults) as life, AsyncExitStack() as stack:
        tabs: dict[str, RawTab] = {}
        for name, (user, tenant, device, folder) in PEOPLE.items():
            credential = token(claims(sub=user, tenant=tenant))
            tab = await stack.enter_async_context(raw_tab(life.url, credential, device=device, is_opened=False))
            tab.specs = SPECS
            await tab.open(folder)
            tabs[name] = tab
        trial = Trial(tabs, life.database, random.Random(seed))
        number = 0
        while trial.tally.outside < count and not trial.tally.wrongs:
            number += 1
            await trial.round(number)
    tally = trial.tally
    print(
        f"seed {seed}: {tally.outside} calls outside and {tally.inside} inside of {number} grants, "
        f"{len(tally.wrongs)} wrong, {time.monotonic() - begun:.0f} s; {dict(tally.ways)}"
    )
    return tally


async def test_a_call_outside_of_the_grant_asks(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=22, seed=26)
    assert tally.wrongs == []


@pytest.mark.stress
@pytest.mark.timeout(1800)
async def test_none_of_a_thousand_calls_outside_of_the_grant_skips_the_question(
    nursery: Nursery, tmp_path: Path
) -> None:
    tally = await check(nursery, tmp_path, count=1000, seed=random.randrange(10**6))
    assert tally.wrongs == []
