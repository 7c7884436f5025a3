"""A call that was sent into a half-open connection is sent again as soon as its device is back on another one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from shared.acp_names import META_LEASE_SECRET
from tests.faults.household import WAIT, Household, household, notify
from tests.faults.nursery import Nursery
from tests.faults.proxy import Direction, Proxy, behind, proxy_to
from tests.journeys.raw_tab import Message, raw_tab

SOON = 8.0
"""Seconds; nobody would notice a half-open connection so soon."""
HELD = -32010


@dataclass
class Tally:
    """How long it took until the call had run, in seconds."""

    seconds: float = 0.0
    wrongs: list[str] = field(default_factory=list)


async def amid_a_tool(house: Household, proxy: Proxy) -> float:
    """How long after the tab is back its tool has run, and the turn is over."""
    (tab,) = house.tabs
    tab.say("m", f"/tool {notify(WAIT)}")
    await tab.until(lambda: tab.open_questions)
    proxy.lines[0].stall(Direction.TO_CLIENT)
    tab.answer_all("allow_once")
    claimed = lambda: any(house.in_state("claimed").values())  # noqa: E731
    await house.until("it is to run", claimed)
    proxy.lines[0].stall()
    begun = time.monotonic()
    tab.break_off()
    await tab.until(lambda: "m" in tab.ended, 3 * SOON)
    return time.monotonic() - begun


async def check(nursery: Nursery, home: Path, *, plant: str | None = None) -> Tally:
    tally = Tally()
    async with household(nursery, home, "PC") as house:
        house.plant = plant
        assert await house.start()
        async with proxy_to(behind(house.where.url)) as proxy:
            house.where.url = proxy.url
            tally.seconds = await amid_a_tool(house, proxy)
        tally.wrongs += house.wrongs()
    print(f"went on {tally.seconds:.2f} s after the connection before was given up")
    return tally


async def test_a_call_is_asked_for_again_at_once_in_a_tab_that_comes_back(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path)
    assert tally.wrongs == []
    assert tally.seconds < SOON


async def test_a_tab_takes_its_conversation_back_at_once_from_its_own_half_open_connection(
    nursery: Nursery, tmp_path: Path
) -> None:
    async with (
        nursery.life(tmp_path) as server,
        proxy_to(behind(server.url)) as proxy,
        raw_tab(proxy.url, server.token) as stale,
        raw_tab(server.url, server.token) as back,
    ):
        opened: Message = {"cwd": "/", "mcpServers": []}
        begun = (await stale.request("session/new", opened))["result"]
        stale.session_id = back.session_id = begun["sessionId"]
        assert "result" in await stale.prompt("hello")
        proxy.lines[0].stall()
        asked = {**opened, "sessionId": stale.session_id}
        # The server believes that the other one is there: only the secret says that this is the same tab.
        assert (await back.request("session/load", asked))["error"]["code"] == HELD
        assert (await back.prompt("hello?"))["error"]["code"] == HELD
        since = time.monotonic()
        asked["_meta"] = {META_LEASE_SECRET: begun["_meta"][META_LEASE_SECRET]}
        assert "result" in await back.request("session/load", asked)
        assert "result" in await back.prompt("hello again")
        seconds = time.monotonic() - since
        proxy.lines[0].close()
    print(f"taken back and answered after {seconds:.2f} s")
    assert seconds < SOON / 2
