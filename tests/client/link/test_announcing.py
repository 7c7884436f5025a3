"""The device that a link announces is the one with this very journal, and nothing that another one may know runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.core.device_presets import announced, device_named
from client.link.tab_link import ANNOUNCED_ANEW
from client.ports import Welcome
from client.tools.journal import Journal
from client.tools.runs import Runs
from shared.acp_names import META_DEVICE, META_HOLDER
from tests.client.link.log_server import HELD, Json, LogServer, RefusedError, Tab, Talk, serving
from tests.client.link.transcript_tab import TranscriptTab, linked, say
from tests.client.tab_for_tests import Connecting, Held, ToolboxForTests

COPY = ("copy_to_clipboard", {"text": "x"})
COPIED = {"result": {"success": True, "characters": 1}}
PC = device_named("PC")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.link.backoff.FIRST", 0.001)
    monkeypatch.setattr("client.link.tab_link.HALF_OPEN_SECONDS", 0.0)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "home" / "runs.db")
    yield journal
    journal.close()


async def echo(_server: LogServer, talk: Talk, _message_id: str, text: str) -> None:
    talk.speak(f"you said {text}")


def devices(server: LogServer) -> list[Json]:
    """What the connections announced, one after the other."""
    return [params["clientCapabilities"]["_meta"][META_DEVICE] for params in server.asked_for("initialize")]


def damage(journal: Journal) -> None:
    journal.close()
    journal.path.write_bytes(b"no database" * 1_000)


async def call(server: LogServer, tab: int, claim: str, talk: str = "session-1") -> Json:
    answer: Json = (await server.tabs[tab].call_tool(talk, *COPY, claim, server.talks[talk].epoch))["result"]
    return answer


async def test_each_connection_announces_the_journal_there_is(journal: Journal) -> None:
    tab = TranscriptTab()
    async with serving(LogServer(echo)) as server, linked(server, tab, runs=Runs(journal)):
        await tab.first(Welcome)
        before = journal.read_id()
        server.tabs[0].cut()
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
        damage(journal)
        server.tabs[1].cut()
        await tab.until(lambda: len(tab.all(Welcome)) == 3)
        after = journal.read_id()
        told = devices(server)
    assert before != after
    assert [device["id"] for device in told] == [f"pc-{before}", f"pc-{before}", f"pc-{after}"]
    assert {(device["label"], device["kind"]) for device in told} == {("PC", "pc")}


async def test_what_ran_before_the_journal_was_damaged_runs_on_no_connection_again(journal: Journal) -> None:
    first, second, box, runs = TranscriptTab(), TranscriptTab(), ToolboxForTests(), Runs(journal)
    async with (
        serving(LogServer(echo)) as server,
        linked(server, first, runs=runs, toolbox=box) as one,
        linked(server, second, runs=runs, toolbox=box) as two,
    ):
        for tab, link in ((first, one), (second, two)):
            say(link, tab, "m")
            await tab.end_of("m")
        talks = [tab.all(Welcome)[0].session_id for tab in (first, second)]
        connections = [
            next(number for number, tab in enumerate(server.tabs) if server.talks[talk].holder is tab) for talk in talks
        ]
        assert [await call(server, c, f"claim {t}", t) for c, t in zip(connections, talks, strict=True)] == [COPIED] * 2
        damage(journal)
        found = await call(server, connections[0], f"claim {talks[0]}", talks[0])
        await first.until(lambda: len(first.all(Welcome)) == 2)
        repeated = await call(server, connections[1], f"claim {talks[1]}", talks[1])
        await second.until(lambda: len(second.all(Welcome)) == 2)
        assert box.copied == ["x", "x"], "nothing of it ran twice"
        assert "was damaged: the tool was not run" in found["result"]["error"]
        assert "nobody knows whether it ran before" in repeated["result"]["error"]
        old, new = {device["id"] for device in devices(server)[:2]}, [device["id"] for device in devices(server)[2:]]
        assert new == [announced(PC, journal.read_id()).id] * 2
        assert not old & set(new)
        assert [await call(server, c, "new " + t, t) for c, t in zip((2, 3), talks, strict=True)] == [COPIED] * 2
    assert first.all(Connecting)[1].reason == ANNOUNCED_ANEW


async def test_without_a_journal_it_connects_and_runs_nothing_and_runs_again_once_there_is_one(
    journal: Journal,
) -> None:
    folder, tab, box = journal.path.parent, TranscriptTab(), ToolboxForTests()
    folder.touch()
    async with serving(LogServer(echo)) as server, linked(server, tab, runs=Runs(journal), toolbox=box) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
        assert "cannot keep a journal" in (await call(server, 0, "one"))["result"]["error"]
        folder.unlink()
        assert "not run now" in (await call(server, 0, "one"))["result"]["error"]
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
        assert box.copied == []
        assert await call(server, 1, "two") == COPIED
        stand_in, own = (device["id"] for device in devices(server))
    assert own == f"pc-{journal.read_id()}"
    assert stand_in.startswith("pc-")
    assert stand_in != own


@pytest.mark.parametrize("is_own", [True, False])
async def test_what_its_own_lost_connection_seems_to_hold_is_asked_for_again_and_what_another_pc_holds_is_not(
    journal: Journal, *, is_own: bool
) -> None:
    asked: list[Json] = []

    def refuse(tab: Tab, method: str, params: Json) -> None:
        if method == "session/resume":
            asked.append(params)
            mine = devices(tab.server)[0]
            if len(asked) < 3:
                raise RefusedError(HELD, "held", {META_HOLDER: mine if is_own else {**mine, "id": "pc-of-another"}})

    tab = TranscriptTab()
    async with serving(LogServer(echo, refuse)) as server, linked(server, tab, runs=Runs(journal)) as link:
        say(link, tab, "m1")
        await tab.end_of("m1")
        server.tabs[0].cut()
        await tab.first(Held)
        if not is_own:
            # Time enough to ask again, if it did.
            await server.tabs[1].call_tool("another", *COPY, "one")
            link.take_over()
            await tab.until(lambda: len(tab.all(Held)) == 2)
            link.take_over()
        await tab.until(lambda: len(tab.all(Welcome)) == 2)
    assert ["ringback/takeOver" in params["_meta"] for params in asked] == [False, not is_own, not is_own]
