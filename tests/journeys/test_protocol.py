"""The server as a bare socket sees it: sessions of its own, acknowledgements, cancelling, leaving."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import RunningServer, running_server

SOCKET: tuple[str, ...] = ()
TCP = ("--host", "127.0.0.1", "--port", "0")


@pytest.mark.parametrize("transport", [SOCKET, TCP], ids=["unix", "tcp"])
async def test_two_connections_have_sessions_of_their_own_named_after_their_signatures(
    tmp_path: Path, transport: tuple[str, ...]
) -> None:
    async with (
        running_server(tmp_path, transport=transport) as server,
        raw_tab(server.url, server.token) as one,
        raw_tab(server.url, server.token) as two,
    ):
        for tab in (one, two):
            assert tab.session_id.startswith("session_")
            assert tab.session_id.endswith(f"_{tab.signature}")
        assert one.session_id != two.session_id


def stored(server: RunningServer) -> str:
    """Everything the database holds, as text."""
    with sqlite3.connect(server.data_dir / "ringback.db") as database:
        return "\n".join(database.iterdump())


async def test_the_client_identifier_is_stored_and_nothing_of_temp_is(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        turn = asyncio.create_task(tab.prompt("Change BGM to track 1"))
        await tab.until(lambda: tab.asked)
        await tab.answer(tab.asked[0], "allow_once")
        await turn
        text = await asyncio.to_thread(stored, server)
    assert tab.signature in text
    assert "client_identifier" in text
    assert "temp:" not in text
    assert "Delegate" not in text


async def test_a_tab_that_was_never_used_leaves_nothing(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        async with raw_tab(server.url, server.token) as used, raw_tab(server.url, server.token) as unused:
            await used.prompt("hello")
        text = await asyncio.to_thread(stored, server)
    assert used.session_id in text
    assert unused.session_id not in text


async def test_a_message_is_acknowledged_by_its_id_and_its_end_is_in_the_sequence(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        answer = await tab.prompt("hello", "message-1")
        assert answer["result"]["stopReason"] == "end_turn"
        notes = [frame for frame in tab.frames if "ringback/seq" in frame.get("params", {}).get("_meta", {})]
        seqs = [frame["params"]["_meta"]["ringback/seq"] for frame in notes] + [tab.ends[0]["seq"]]
        assert seqs == list(range(1, len(seqs) + 1))
        said = [update for update in tab.updates if update["sessionUpdate"] == "user_message_chunk"]
        assert said[0]["_meta"]["ringback/messageId"] == "message-1"
        assert (tab.ends[0]["messageId"], tab.ends[0]["stopReason"]) == ("message-1", "end_turn")


@pytest.mark.parametrize("command", ["/slow 30", "/stream 200000", "Change BGM to track 1"])
async def test_a_turn_is_cancelled_in_under_a_tenth_of_a_second_and_the_next_one_works(
    tmp_path: Path, command: str
) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        await tab.prompt("warm up")
        heard = len(tab.frames)
        turn = asyncio.create_task(tab.prompt(command))
        await tab.until(lambda: tab.asked if "BGM" in command else len(tab.frames) > heard)
        begun = time.monotonic()
        await tab.cancel()
        answer = await turn
        # Generous, since machines are noisy: tests/bench has the figure.
        assert time.monotonic() - begun < 0.5
        assert answer["result"]["stopReason"] == "cancelled"
        assert (await tab.prompt("and now"))["result"]["stopReason"] == "end_turn"
        assert tab.called == []


async def test_a_tab_that_goes_away_with_an_open_prompt_leaves_it_to_the_next_one(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        async with raw_tab(server.url, server.token) as tab:
            turn = asyncio.create_task(tab.prompt("Change BGM to track 1"))
            await tab.until(lambda: tab.asked)
            turn.cancel()
        async with raw_tab(server.url, server.token, is_opened=False) as later:
            await later.introduce()
            assert "result" in await later.load(tab.session_id)
            await later.until(lambda: later.asked)
            assert later.asked[0]["params"]["toolCall"] == tab.asked[0]["params"]["toolCall"]
            await later.answer(later.asked[0], "allow_once")
            await later.until(lambda: later.ends)
        assert (len(tab.called), len(later.called)) == (0, 1)


async def test_parallel_calls_are_asked_one_by_one_and_each_runs_only_if_allowed(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        turn = asyncio.create_task(
            tab.prompt('/tools change_bgm {"track": 0} | change_bgm {"track": 1} | get_location {}')
        )
        await tab.until(lambda: len(tab.asked) == 3)
        for asked in tab.asked:
            arguments = asked["params"]["toolCall"]["rawInput"]
            await tab.answer(asked, "reject_once" if arguments.get("track") == 0 else "allow_once")
        await turn
        assert [call["arguments"] for call in tab.called] == [{"track": 1}, {}]


async def test_many_messages_at_once_are_answered_in_order(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        names = [f"m{n}" for n in range(20)]
        await asyncio.gather(*(tab.prompt(f"say {name}", name) for name in names))
        said = [
            update["_meta"]["ringback/messageId"]
            for update in tab.updates
            if update["sessionUpdate"] == "user_message_chunk"
        ]
        assert said == names
        assert [end["messageId"] for end in tab.ends] == names


async def test_a_failing_model_is_told_with_a_code_and_the_next_turn_works(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        answer = await tab.prompt("/fail")
        assert answer["error"]["code"] == -32013
        assert "Traceback" not in answer["error"]["message"]
        assert (await tab.prompt("hello"))["result"]["stopReason"] == "end_turn"
