"""A peer that is there and takes nothing any more is noticed, by the server and by the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from client.core.device_presets import device_named
from client.link.endpoint import Endpoint
from client.link.tab_link import TabLink
from client.ports import Welcome
from client.tools.device import DeviceState
from client.tools.music import MusicPlayer
from client.tools.toolkit import Toolkit
from shared.frames import ApprovalAsked, ApprovalWithdrawn
from shared.ids import MessageId
from shared.secret import Secret
from tests.client.tab_for_tests import Interrupted, TabForTests, ToolboxForTests, runs_for_tests
from tests.faults.proxy import behind, proxy_to
from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import RunningServer, running_server
from tests.journeys.test_leaks import at_rest, footprint

LIMIT = 15.0
"""Within how many seconds, as promised. On a machine that is busy with other tests, twice that is good enough."""
ENDING = 6
"""How often it is waited for a turn of that many words to end; each time, ten seconds at most."""
MUCH = 30_000
"""Words; far more than the buffers of a connection hold."""
LONG = 900_000


def link_through(url: str, token: str, tab: TabForTests, folder: Path) -> TabLink:
    async def find() -> Endpoint:
        return Endpoint(url, Secret(token))

    state = DeviceState(device_named("PC"), ToolboxForTests(), MusicPlayer(None), folder)
    return TabLink(
        device=state.device, events=tab, toolkit=Toolkit(state, runs_for_tests()), folder=folder, find_server=find
    )


async def seconds_until(true: Callable[[], bool]) -> float:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not true() and loop.time() - begun < 2 * LIMIT:
        await asyncio.sleep(0.05)
    return loop.time() - begun


async def server_notices(server: RunningServer, said: str) -> float:
    """How long a tab that asked for ``said`` is kept after it went half-open."""
    async with proxy_to(behind(server.url)) as proxy:
        with suppress(ConnectionClosed):
            async with raw_tab(proxy.url, server.token) as tab:
                turn = asyncio.create_task(tab.prompt(said))
                await tab.until(lambda: tab.asked or tab.text)
                proxy.lines[0].stall()
                ended = f"client_identifier={tab.signature}"
                seconds = await seconds_until(
                    lambda: any("connection_ended" in line and ended in line for line in server.lines)
                )
                turn.cancel()
                proxy.lines[0].close()
    return seconds


async def client_notices(server: RunningServer, folder: Path, sending: int = 0) -> float:
    """How long a tab with an open question believes in a half-open server; it must say so and come back.

    ``sending`` is how many long messages it sends meanwhile.
    """
    tab = TabForTests()
    async with proxy_to(behind(server.url)) as proxy:
        link = link_through(proxy.url, server.token, tab, folder)
        living = asyncio.create_task(link.run())
        await tab.first(Welcome)
        link.say(MessageId("m1"), '/tool change_bgm {"track": 1}')
        await tab.first(ApprovalAsked)
        proxy.lines[0].stall()
        for number in range(sending):
            link.say(MessageId(f"long {number}"), "long " * (LONG // 5))
        seconds = await seconds_until(lambda: bool(tab.all(Interrupted)))
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
        await link.close()
        await living
    assert len(tab.all(ApprovalWithdrawn)) == 1
    return seconds


async def check(home: Path, *, limit: float) -> None:
    async with (
        running_server(home, environ={"RINGBACK_DOZE_AFTER": "0.3"}) as server,
        raw_tab(server.url, server.token) as watcher,
    ):
        await watcher.prompt("hello")
        base = await footprint(watcher)
        seen = await asyncio.gather(
            server_notices(server, '/tool change_bgm {"track": 0}'),
            server_notices(server, f"/stream {MUCH}"),
            client_notices(server, home),
            client_notices(server, home, sending=12),
        )
        # What was being told to a tab that is gone goes on to its end without it.
        for _ in range(ENDING):
            after = await at_rest(watcher, base)
            if (after.tasks, after.conversations) == (base.tasks, base.conversations):
                break
    print(f"noticed after {seen} s: server waiting, server streaming, client waiting, client sending")
    assert max(seen) < limit
    assert (after.tasks, after.conversations, after.leaked) == (base.tasks, base.conversations, 0)


@pytest.mark.timeout(180)
async def test_a_half_open_peer_is_noticed_on_both_sides(tmp_path: Path) -> None:
    await check(tmp_path, limit=2 * LIMIT)


@pytest.mark.stress
async def test_a_half_open_peer_is_noticed_within_fifteen_seconds(tmp_path: Path) -> None:
    await check(tmp_path, limit=LIMIT)
