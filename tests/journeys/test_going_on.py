"""A server or a client that is killed in the middle of a turn: the next one has it go on, and nothing runs twice."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import RunningServer, environment, fresh_server, running_server
from tests.journeys.tmux import screen

MUSIC = "Change BGM to track 1"


def seqs(tab: RawTab) -> list[int]:
    """The numbers of what the tab was told, in the order that it came."""
    numbers = []
    for frame in tab.frames:
        params = frame.get("params", {})
        seq = params.get("_meta", {}).get("ringback/seq", params.get("seq"))
        if "method" in frame and "id" not in frame and seq is not None:
            numbers.append(seq)
    return numbers


@asynccontextmanager
async def stopped_while(
    home: Path, text: str, stage: str, how: signal.Signals = signal.SIGKILL
) -> AsyncIterator[RawTab]:
    """A tab whose server was stopped when its turn had got to ``stage``."""
    async with running_server(home) as server:
        async with raw_tab(server.url, server.token) as tab:
            tab.is_silent = stage == "tool"
            turn = asyncio.create_task(tab.prompt(text, "message-1"))
            await _at(tab, stage)
            server.process.send_signal(how)
            async with asyncio.timeout(20):
                await server.process.wait()
            turn.cancel()
        yield tab


async def _at(tab: RawTab, stage: str) -> None:
    match stage:
        case "acknowledged":
            await tab.until(lambda: tab.updates[1:])
        case "asked" | "answered":
            await tab.until(lambda: tab.asked)
            if stage == "answered":
                await tab.answer(tab.asked[0], "allow_once")
        case "tool":
            await tab.until(lambda: tab.asked)
            await tab.answer(tab.asked[0], "allow_once")
            await tab.until(lambda: tab.called)
        case "streaming":
            await tab.until(lambda: len(tab.updates) > 30)
        case _:
            raise AssertionError(stage)


@asynccontextmanager
async def again(server: RunningServer, before: RawTab, device: str = "PC") -> AsyncIterator[RawTab]:
    """A tab on the server that came after; it has loaded the conversation."""
    async with raw_tab(server.url, server.token, device=device, is_opened=False) as tab:
        await tab.introduce()
        assert "result" in await tab.load(before.session_id)
        yield tab


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_question_that_was_open_is_asked_again_with_the_same_call(tmp_path: Path, how: signal.Signals) -> None:
    async with (
        stopped_while(tmp_path, MUSIC, "asked", how) as before,
        running_server(tmp_path) as server,
        again(server, before) as tab,
    ):
        await tab.until(lambda: tab.asked)
        assert tab.asked[0]["params"]["toolCall"] == before.asked[0]["params"]["toolCall"]
        await tab.answer(tab.asked[0], "allow_once")
        await tab.until(lambda: tab.ends)
        assert tab.ends[0]["stopReason"] == "end_turn"
        assert (len(before.called), len(tab.called)) == (0, 1)
        assert seqs(tab) == list(range(1, len(seqs(tab)) + 1))


async def test_a_call_that_ran_is_sent_again_with_the_same_claim_so_that_the_device_knows_it(tmp_path: Path) -> None:
    async with (
        stopped_while(tmp_path, MUSIC, "tool") as before,
        running_server(tmp_path) as server,
        again(server, before) as tab,
    ):
        await tab.until(lambda: tab.ends)
        assert [call["_meta"] for call in tab.called] == [call["_meta"] for call in before.called]
        assert tab.asked == [], "it was answered already"
        assert tab.ends[0]["stopReason"] == "end_turn"


async def test_a_call_that_ran_on_a_device_that_does_not_come_back_may_have_run(tmp_path: Path) -> None:
    async with (
        stopped_while(tmp_path, MUSIC, "tool") as before,
        running_server(tmp_path) as server,
        again(server, before, device="phone") as tab,
    ):
        await tab.until(lambda: tab.ends)
        assert tab.called == []
        results = [update["rawOutput"] for update in tab.updates if "rawOutput" in update]
        assert "may have run" in results[-1]["error"]


async def test_an_answer_that_was_being_given_ends_once_though_nobody_is_there(tmp_path: Path) -> None:
    text = "/stream 400"
    async with (
        stopped_while(tmp_path, text, "streaming") as before,
        running_server(tmp_path) as server,
        raw_tab(server.url, server.token, is_opened=False) as tab,
    ):
        await tab.introduce()
        params = {"sessionId": before.session_id, "cwd": "/", "mcpServers": []}
        have = max(seqs(before))
        answer = await tab.request("session/resume", {**params, "_meta": {"ringback/lastSeq": have}})
        assert answer["result"]["_meta"]["ringback/replay"] == "complete"
        await tab.until(lambda: tab.ends)
        assert seqs(tab) == list(range(have + 1, tab.ends[0]["seq"] + 1)), "no number is used twice"
        tab.session_id = before.session_id
        repeated = await tab.prompt(text, "message-1")
        assert repeated["result"]["stopReason"] == "end_turn"
        assert len(tab.ends) == 1


async def test_messages_that_waited_are_answered_in_order_once_the_first_one_is(tmp_path: Path) -> None:
    async with fresh_server(tmp_path) as server, raw_tab(server.url, server.token) as before:
        turns = [asyncio.create_task(before.prompt(MUSIC, "m0"))]
        await before.until(lambda: before.asked)
        turns += [asyncio.create_task(before.prompt(f"say {n}", f"m{n}")) for n in (1, 2)]
        await asyncio.gather(*(before.request("no/such", {}) for _ in range(3)))
        await _stored(server, 3)
        server.process.kill()
        await server.process.wait()
        for turn in turns:
            turn.cancel()
    async with running_server(tmp_path) as server, again(server, before) as tab:
        await tab.until(lambda: tab.asked)
        await tab.answer(tab.asked[0], "reject_once")
        await tab.until(lambda: len(tab.ends) == 3)
        assert [end["messageId"] for end in tab.ends] == ["m0", "m1", "m2"]


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed here")
async def test_a_client_killed_right_after_something_was_said_shows_how_it_ends_at_its_next_start(
    tmp_path: Path,
) -> None:
    pid = tmp_path / "pid"
    ringback = [sys.executable, "-m", "client", "--model", "demo"]
    told = ["sh", "-c", f"echo $$ > {shlex.quote(str(pid))}; exec {shlex.join(ringback)}"]
    async with screen(told, environment(tmp_path)) as first:
        await first.shows("● connected")
        for text in ("/slow 4", "calculate 2*21"):
            await first.type(text)
            await first.press("Enter")
        await first.shows("▌ calculate 2*21")
        await _saved(tmp_path / "state" / "tabs.json", "calculate 2*21")
        os.kill(int(pid.read_text(encoding="ascii")), signal.SIGKILL)
        await first.shows("ended with")
    async with screen(ringback, environment(tmp_path)) as second:
        await second.shows("▌ calculate 2*21")
        text = await second.shows("= 42")
        assert "I waited 4 seconds." in text
        assert text.count("▌ calculate 2*21") == 1
        await second.press("C-q")
        await second.shows("ended with 0")


async def _saved(path: Path, words: str) -> None:
    async with asyncio.timeout(10):
        while not path.exists() or words not in await asyncio.to_thread(path.read_text, encoding="ascii"):
            await asyncio.sleep(0.02)


async def _stored(server: RunningServer, count: int) -> None:
    def counted() -> int:
        with sqlite3.connect(server.data_dir / "ringback.db") as database:
            found: int = database.execute("SELECT count(*) FROM turn").fetchone()[0]
            return found

    async with asyncio.timeout(10):
        while await asyncio.to_thread(counted) < count:
            await asyncio.sleep(0.02)
