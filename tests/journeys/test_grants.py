"""What runs unasked, from the yes to the day it is taken back: real servers, real sockets, the real command line."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import TCP, RunningServer, environment, running_server

PATIENCE = 30.0
CALL = '/tool notify {"message": "tea \\u202e is ready", "n": 1}'


async def say(tab: RawTab, text: str, answer: str = "reject_once") -> bool:
    """Whether somebody was asked, who then gave that answer."""
    asked, ended = len(tab.asked), len(tab.ends)
    turn = asyncio.create_task(tab.prompt(text))
    await tab.until(lambda: len(tab.asked) > asked or len(tab.ends) > ended)
    is_asked = len(tab.asked) > asked
    if is_asked:
        await tab.answer(tab.asked[-1], answer)
    await turn
    return is_asked


async def grants(server: RunningServer, *arguments: str) -> tuple[int, str, str]:
    """``ringback grants`` in a process of its own: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "client", "grants", "--connect", server.url, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
        env=environment(server.home, RINGBACK_TOKEN=server.token), cwd=server.home,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_what_was_allowed_exactly_runs_unasked_in_every_tab_of_the_device_until_it_is_taken_back(
    tmp_path: Path,
) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        assert await say(tab, CALL, "allow_exact")
        assert not await say(tab, CALL)
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        assert not await say(tab, CALL), "also after a restart, in another conversation"
        assert len(tab.called) == 1
        async with raw_tab(server.url, server.token, device="iPhone") as phone:
            assert await say(phone, CALL)
        code, out, err = await grants(server)
        assert (code, err) == (0, "")
        assert "notify on PC, in /, since " in out
        assert '    message: "tea ⟨U+202E⟩ is ready"' in out
        code, out, _ = await grants(server, "list", "--json")
        (listed,) = [json.loads(line) for line in out.splitlines()]
        assert listed["arguments"] == {"message": "tea \u202e is ready", "n": 1}
        code, out, err = await grants(server, "revoke", listed["id"])
        assert (code, out, err) == (0, "Taken back: 1 grant. It asks again.\n", "")
        assert await say(tab, CALL), "at once, on a connection that is open"
        code, _, err = await grants(server, "revoke", listed["id"])
        assert code == 1
        assert err == "ringback: You have no grant of that id. It may be over, or taken back already.\n"


async def test_the_log_says_what_was_decided_where_and_outlives_a_reset_that_takes_the_grants(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        for answer in ("allow_exact", "none"):
            await say(tab, CALL, answer)
        await say(tab, '/tool calculate {"expression": "1+1"}')
        await say(tab, "/tool get_location {}", "reject_tool")
        await say(tab, "/tool get_location {}")
        reset = await tab.request("_ringback/reset", {"confirm": True})
        assert reset["result"]["message"].endswith("the shared state and your grants are gone.")
        assert await say(tab, CALL), "the grant is gone"
        code, out, err = await grants(server, "log", "--json")
        assert (code, err) == (0, "")
        entries = [json.loads(line) for line in out.splitlines()]
        assert [(entry["decision"], entry["tool"]) for entry in entries] == [
            ("allowed_exactly", "notify"),
            ("allowed_by_grant", "notify"),
            ("allowed_by_policy", "calculate"),
            ("rejected_tool", "get_location"),
            ("rejected_before", "get_location"),
            ("rejected_once", "notify"),
        ]
        assert {(entry["device"], entry["connection"]) for entry in entries} == {("PC", tab.signature)}
        assert entries[0]["argumentsHash"] == entries[1]["argumentsHash"] != entries[2]["argumentsHash"]
        assert "tea" not in out, "never the arguments"
        with closing(sqlite3.connect(server.data_dir / "ringback.db")) as database:
            assert "tea" not in str(database.execute("SELECT * FROM audit").fetchall())
        code, out, _ = await grants(server, "log", "--last", "1")
        assert "rejected once  notify" in out
        assert len(out.splitlines()) == 1


async def test_without_any_the_command_says_so_and_wrong_usage_is_told(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        assert await grants(server) == (0, "Nothing runs unasked because of you.\n", "")
        assert await grants(server, "revoke", "--all") == (0, "There is nothing to take back.\n", "")
        code, out, err = await grants(server, "revoke")
        assert (code, out) == (2, "")
        assert "ringback grants list" in err


POLICY = """
[[rule]]
tool = "calculate"
decision = "ask"

[[rule]]
tool = "notify"
decision = "allow"
arguments = { message = "tea*" }

[[rule]]
tool = "notify"
decision = "deny"
device = "TV*"

[[rule]]
tool = "remember"
decision = "deny"
"""


def with_policy(home: Path, text: str, mode: int = 0o600) -> Path:
    file = home / "config" / "policy.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


async def test_the_policy_file_speaks_of_all_tools_and_a_denial_beats_the_rest(tmp_path: Path) -> None:
    file = with_policy(tmp_path, POLICY)
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        assert any(f"policy_read file={file} rules=4" in line for line in server.lines)
        assert not await say(tab, '/tool notify {"message": "tea is ready"}')
        assert len(tab.called) == 1
        assert await say(tab, '/tool notify {"message": "coffee"}', "allow_exact")
        assert await say(tab, '/tool calculate {"expression": "1+1"}')
        assert not await say(tab, '/tool remember {"key": "a", "value": "b"}')
        assert "is not allowed here" in tab.text
        async with raw_tab(server.url, server.token, device="TV in the room") as tv:
            assert not await say(tv, '/tool notify {"message": "tea is ready"}')
            assert tv.called == []
    with_policy(tmp_path, '[[rule]]\ntool = "notify"\ndecision = "deny"\n')
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        assert not await say(tab, '/tool notify {"message": "coffee"}')
        assert tab.called == [], "whatever was granted"


async def test_arguments_that_the_policy_denies_do_not_run_if_the_person_edits_them_in(tmp_path: Path) -> None:
    with_policy(tmp_path, '[[rule]]\ntool = "notify"\ndecision = "deny"\narguments = { message = "secret*" }\n')
    async with running_server(tmp_path) as server, raw_tab(server.url, server.token) as tab:
        turn = asyncio.create_task(tab.prompt('/tool notify {"message": "plain"}'))
        await tab.until(lambda: tab.asked)
        outcome = {"outcome": "selected", "optionId": "allow_once", "_meta": {}}
        meta = {"ringback/arguments": {"message": "secret plans"}}
        await tab.send({"jsonrpc": "2.0", "id": tab.asked[0]["id"], "result": {"outcome": outcome, "_meta": meta}})
        await turn
        assert tab.called == []
        assert "is not allowed here" in tab.text


@pytest.mark.parametrize(
    ("text", "mode", "sentence"),
    [
        ('[[rule]]\ntool = "a"\ndecision = "maybe"\n', 0o600, "rule 1: decision is one of allow, ask, deny."),
        (POLICY, 0o666, "others may write it"),
    ],
)
async def test_with_a_policy_that_cannot_be_used_no_server_starts(
    tmp_path: Path, text: str, mode: int, sentence: str
) -> None:
    file = with_policy(tmp_path, text, mode)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", *TCP, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(tmp_path), cwd=tmp_path,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert str(file) in err.decode()
    assert sentence in err.decode()
    assert len(err.splitlines()) == 1
