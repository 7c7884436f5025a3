"""``ringback reset`` as a shell and a person at a terminal see it."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import acp
import pytest

from shared.acp_names import METHOD_RESET
from tests.client.link.agent_for_tests import TOKEN, AgentForTests, Peer, running
from tests.journeys.server_process import environment

GONE = "All conversations and the shared state of ada are gone."
PATIENCE = 30.0
COMMAND = (sys.executable, "-m", "client", "reset")


async def forget(_peer: Peer, _method: str, _params: dict[str, Any]) -> Any:
    return {"success": True, "message": GONE}


async def refuse(_peer: Peer, _method: str, _params: dict[str, Any]) -> Any:
    raise acp.RequestError(-32019, "The database is away.")


async def reset(
    agent: AgentForTests, home: Path, *arguments: str, token: str = TOKEN, stdin: int = subprocess.DEVNULL
) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of ``ringback reset`` against ``agent``."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--connect", agent.endpoint.url, *arguments,
        stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(home, RINGBACK_TOKEN=token),
    )  # fmt: skip
    async with asyncio.timeout(2 * PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_with_yes_it_asks_nothing_and_prints_the_servers_message(tmp_path: Path) -> None:
    async with running(AgentForTests(answer=forget)) as agent:
        assert await reset(agent, tmp_path, "--yes") == (0, f"{GONE}\n", "")
    assert agent.requested == [(METHOD_RESET, {"confirm": True})]


async def test_without_a_terminal_and_without_yes_nothing_is_done(tmp_path: Path) -> None:
    async with running(AgentForTests(answer=forget)) as agent:
        code, out, err = await reset(agent, tmp_path)
    assert (code, out) == (2, "")
    assert "ringback reset --yes" in err
    assert len(err.splitlines()) == 1
    assert agent.peers == [], "the server was not even called"


@pytest.mark.parametrize(
    ("agent", "token", "sentence"),
    [
        (AgentForTests(answer=refuse), TOKEN, "The database is away."),
        (AgentForTests(), TOKEN, "older Ringback"),
        (AgentForTests(is_ringback=False), TOKEN, "no Ringback"),
        (AgentForTests(), "wrong", "does not accept the token"),
    ],
)
async def test_what_goes_wrong_is_a_sentence_and_exit_code_1(
    tmp_path: Path, agent: AgentForTests, token: str, sentence: str
) -> None:
    async with running(agent):
        code, out, err = await reset(agent, tmp_path, "--yes", token=token)
    assert (code, out) == (1, "")
    assert sentence in err
    assert len(err.splitlines()) == 1


async def test_an_address_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--yes", "--connect", "http://x", stderr=subprocess.PIPE, env=environment(tmp_path)
    )
    _, err = await process.communicate()
    assert process.returncode == 2
    assert b"is no address of a server" in err


async def test_without_an_address_the_local_server_is_found_or_started(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--yes", "--data-dir", str(tmp_path / "elsewhere"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(tmp_path, RINGBACK_GRACE="0.3", RINGBACK_MODEL="demo"),
    )  # fmt: skip
    async with asyncio.timeout(2 * PATIENCE):
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert len(out.decode().splitlines()) == 1
    assert (tmp_path / "elsewhere" / "ringback.db").exists()


@pytest.mark.parametrize(("key", "code", "count"), [("y", 0, 1), ("n", 1, 0), ("", 1, 0)])
async def test_at_a_terminal_a_person_is_asked_and_only_y_forgets(
    tmp_path: Path, key: str, code: int, count: int
) -> None:
    async with running(AgentForTests(answer=forget)) as agent:
        ours, theirs = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "--connect", agent.endpoint.url,
            stdin=theirs, stdout=theirs, stderr=theirs,
            env=environment(tmp_path, RINGBACK_TOKEN=TOKEN),
        )  # fmt: skip
        os.close(theirs)
        try:
            said = await asyncio.to_thread(_read_until, ours, "[y/N]")
            assert "Forget everything of yours on this server?" in said
            assert "other devices" in said
            os.write(ours, f"{key}\n".encode())
            said += await asyncio.to_thread(_read_until, ours, None)
            async with asyncio.timeout(PATIENCE):
                assert await process.wait() == code
        finally:
            os.close(ours)
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert (GONE in said) == (code == 0)
    assert ("Nothing was forgotten." in said) == (code == 1)
    assert len(agent.requested) == count


def _read_until(terminal: int, words: str | None) -> str:
    """What is written to the terminal up to ``words``, or until nobody writes any more."""
    text = ""
    while words is None or words not in text:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        assert ready, f"nothing more was written after {text!r}"
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        text += piece.decode()
    return text
