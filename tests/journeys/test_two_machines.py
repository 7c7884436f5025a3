"""Two machines of one person, both called "PC": what ran on one of them does not run again on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from client.core.device_presets import device_named
from client.link.endpoint import Endpoint
from client.link.tab_link import TabLink
from client.ports import Resumed, Start
from client.tools.device import DeviceState
from client.tools.journal import Journal
from client.tools.music import MusicPlayer
from client.tools.runs import Runs
from client.tools.toolkit import Toolkit
from shared.frames import AgentSaid, ApprovalAnswered, ApprovalAsked, Choice, ToolChanged
from shared.ids import MessageId
from shared.json_types import JsonObject
from shared.secret import Secret
from tests.client.tab_for_tests import TabForTests, ToolboxForTests
from tests.faults.proxy import Proxy, behind, proxy_to
from tests.journeys.server_process import RunningServer, running_server


class CutOff(ToolboxForTests):
    """The tool runs, and from that moment on nothing leaves the machine."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy
        self.is_cut = asyncio.Event()

    def copy_to_clipboard(self, text: str) -> None:
        super().copy_to_clipboard(text)
        self._proxy.lines[0].stall()
        self.is_cut.set()


@asynccontextmanager
async def machine(
    home: Path, endpoint: Endpoint, tab: TabForTests, box: ToolboxForTests, start: Start | None = None
) -> AsyncIterator[TabLink]:
    """A client as the PC, with the journal that is under ``home``."""

    async def find() -> Endpoint:
        return endpoint

    journal = Journal(home / "runs.db")
    runs = Runs(journal)
    device = device_named("PC")
    toolkit = Toolkit(DeviceState(device, box, MusicPlayer(None), home), runs)
    link = TabLink(device=device, events=tab, toolkit=toolkit, folder=home, find_server=find, start=start)
    living = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        async with asyncio.timeout(20):
            await link.close()
            await living
            await runs.close()
        journal.close()


async def cut_off_after_the_run(server: RunningServer, home: Path) -> Resumed:
    """The conversation whose tool ran on the machine at ``home``, which could not say so any more."""
    tab = TabForTests()
    async with proxy_to(behind(server.url)) as proxy:
        box = CutOff(proxy)
        async with machine(home, Endpoint(proxy.url, Secret(server.token)), tab, box) as link:
            link.say(MessageId("m1"), '/tool copy_to_clipboard {"text": "once"}')
            asked = await tab.first(ApprovalAsked)
            link.answer(ApprovalAnswered(asked.call_id, Choice.ALLOW_ONCE))
            async with asyncio.timeout(20):
                await box.is_cut.wait()
            proxy.lines[0].close()
            place = link.resumable
    assert place is not None
    return Resumed(place.session_id, 0, place.lease_secret)


async def gone_on(server: RunningServer, home: Path, place: Resumed) -> tuple[list[str], JsonObject, str]:
    """What ran on the machine at ``home`` that went on, the tool's result, and what the agent said."""
    tab, box = TabForTests(), ToolboxForTests()
    async with machine(home, Endpoint(server.url, Secret(server.token)), tab, box, place):
        await tab.end_of("m1")
    (result,) = [changed.result for changed in tab.all(ToolChanged) if changed.result is not None]
    return box.copied, result, "".join(said.text for said in tab.all(AgentSaid))


async def test_what_ran_on_one_pc_does_not_run_on_another_pc_and_the_model_is_told_that_it_may_have_run(
    tmp_path: Path,
) -> None:
    async with running_server(tmp_path / "server") as server:
        place = await cut_off_after_the_run(server, tmp_path / "one")
        copied, result, said = await gone_on(server, tmp_path / "two", place)
    assert copied == []
    assert "may have run" in str(result["error"])
    assert "may have run" in said


async def test_the_pc_that_ran_it_comes_back_and_says_what_it_gave(tmp_path: Path) -> None:
    async with running_server(tmp_path / "server") as server:
        place = await cut_off_after_the_run(server, tmp_path / "one")
        copied, result, _ = await gone_on(server, tmp_path / "one", place)
    assert copied == []
    assert result == {"success": True, "characters": 4}
