"""What the server logs of two tabs: who, which session, which call, and nothing secret."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import running_server

FIELD = re.compile(r"(\w+)=(\S+)")
CALL_EVENTS = ["tool_begun", "tool_ended"]
EVENTS = ["connection_accepted", "session_created", "delegate_bound", *CALL_EVENTS]


def logged(lines: list[str], event: str) -> list[dict[str, str]]:
    found = [line for line in lines if re.search(rf"\b{event}\b", line)]
    assert all(" INFO " in line for line in found)
    return [dict(FIELD.findall(line)) for line in found]


async def allow_one(tab: RawTab, track: int) -> None:
    turn = asyncio.create_task(tab.prompt(f'/tool change_bgm {{"track": {track}}}'))
    await tab.until(lambda: tab.asked)
    await tab.answer(tab.asked[0], "allow_once")
    await turn


async def test_every_line_of_two_tabs_names_its_own_connection_session_and_call(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        async with raw_tab(server.url, server.token) as one, raw_tab(server.url, server.token) as two:
            await asyncio.gather(allow_one(one, 4711), allow_one(two, 4712))
        for tab in (one, two):
            for event in EVENTS:
                mine = [row for row in logged(server.lines, event) if row["client_identifier"] == tab.signature]
                assert len(mine) == 1, event
                if event != "connection_accepted":
                    assert mine[0]["session"] == tab.session_id
                if event in CALL_EVENTS:
                    assert mine[0]["call"] == tab.asked[0]["params"]["toolCall"]["toolCallId"]
        assert all(len(logged(server.lines, event)) == 2 for event in EVENTS)


async def test_neither_the_token_nor_what_was_said_is_in_the_log(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        await allow_one(tab, 4711)
        await tab.prompt("my password is swordfish")
        written = "\n".join(server.lines)
        written += "".join(path.read_text() for path in tmp_path.rglob("*.log"))
    assert server.token not in written
    assert "4711" not in re.sub(r"[0-9a-f-]{36}", "", written)
    assert "swordfish" not in written
