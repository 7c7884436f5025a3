"""``run_command`` with real shells: what it gives, what bounds it, and that nothing of it stays behind."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
import uuid
from pathlib import Path

import pytest

from client.core.device_presets import device_named
from client.tools import run_command
from client.tools.command_runs import MOST_STDERR, MOST_STDOUT, CommandRuns
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.music import MusicPlayer
from client.tools.toolkit import Toolkit
from shared.frames import ApprovalAsked, ToolCalled
from shared.ids import ClaimId, SessionId, ToolCallId
from shared.json_types import JsonObject
from tests.client.tab_for_tests import ToolboxForTests, runs_for_tests

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked for in /proc")


def state(folder: Path, commands: CommandRuns | None = None) -> DeviceState:
    runs = commands or CommandRuns(lambda: dict(os.environ))
    return DeviceState(device_named("PC"), ToolboxForTests(), MusicPlayer(None), folder, commands=runs)


async def run(folder: Path, command: str, **more: str | int) -> JsonObject:
    return await run_command.run({"command": command, **more}, state(folder))


def marked() -> tuple[str, str]:
    """A name that is in the environment of whatever a command begins, and the shell's words that put it there."""
    mark = uuid.uuid4().hex
    return mark, f"export MARK={mark}; "


def living(mark: str) -> list[int]:
    """The processes that have the mark, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


async def begun(mark: str, count: int) -> None:
    async with asyncio.timeout(20):
        while len(living(mark)) < count:
            await asyncio.sleep(0.05)


async def test_what_it_wrote_and_its_exit_code_are_given(tmp_path: Path) -> None:
    done = await run(tmp_path, "printf 'one\\n'; printf 'grüße' >&2; exit 3")
    assert isinstance(done.pop("seconds"), float)
    assert done == {"success": False, "exit_code": 3, "stdout": "one\n", "stderr": "grüße", "truncated": False}


async def test_it_runs_in_the_folder_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert (await run(tmp_path, "pwd -P"))["stdout"] == f"{tmp_path.resolve()}\n"
    assert (await run(tmp_path, "pwd", cwd="link"))["stdout"] == f"{tmp_path.resolve() / 'real'}\n"


@pytest.mark.parametrize(("cwd", "sentence"), [("nowhere", "There is no"), ("file", "is not a folder")])
async def test_without_its_folder_it_does_not_run(tmp_path: Path, cwd: str, sentence: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ToolFailedError, match=sentence):
        await run(tmp_path, "touch here", cwd=cwd)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize("command", ["echo \0", "echo \ud800"])
async def test_what_no_shell_could_take_is_refused(tmp_path: Path, command: str) -> None:
    with pytest.raises(ToolFailedError, match="NUL character or half a character"):
        await run(tmp_path, command)


async def test_a_command_that_is_too_long_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match="cannot be begun: Argument list too long"):
        await run(tmp_path, f": {'x' * 200_000}")


async def test_the_command_arrives_as_it_is(tmp_path: Path) -> None:
    odd = "grüße\t'\"\\$HOME\x1b[31m\u202e"
    done = await run(tmp_path, f"cat <<'END'\n{odd}\nEND")
    assert done["stdout"] == f"{odd}\n"


async def test_it_has_no_input_and_no_terminal(tmp_path: Path) -> None:
    done = await run(tmp_path, "cat; (exec </dev/tty) 2>/dev/null || echo none; ps -o tty= -p $$")
    assert str(done["stdout"]).split() == ["none", "?"]


async def test_our_secrets_are_not_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from client.settings import foreign_environment

    monkeypatch.setenv("RINGBACK_TOKEN", "canary-8f3a")
    monkeypatch.setenv("OTHER", "stays")
    done = await run_command.run({"command": "env"}, state(tmp_path, CommandRuns(foreign_environment)))
    assert "OTHER=stays" in str(done["stdout"])
    assert "RINGBACK" not in str(done["stdout"])
    assert "canary" not in str(done["stdout"])


@on_linux
async def test_fifty_sleepers_are_gone_once_the_time_is_over(tmp_path: Path) -> None:
    mark, command = marked()
    began = time.monotonic()
    done = await run(tmp_path, f"{command}for n in $(seq 50); do sleep 1000 & done; wait", timeout=1)
    assert "ended after 1 seconds" in str(done["error"])
    assert "exit_code" not in done
    assert time.monotonic() - began < 5
    assert living(mark) == []


@on_linux
async def test_what_ignores_the_gentle_signal_is_killed(tmp_path: Path) -> None:
    mark, command = marked()
    began = time.monotonic()
    await run(tmp_path, f"{command}trap '' TERM; sleep 1000 & while :; do sleep 1000; done", timeout=1)
    assert time.monotonic() - began < 8
    assert living(mark) == []


@on_linux
async def test_what_is_left_in_the_background_holds_nothing_up_and_does_not_stay(tmp_path: Path) -> None:
    mark, command = marked()
    began = time.monotonic()
    done = await run(tmp_path, f"{command}sleep 1000 & echo done")
    assert (done["success"], done["stdout"]) == (True, "done\n")
    assert done["note"] == "It left a process in the background, which was ended with it."
    assert time.monotonic() - began < 5
    assert living(mark) == []


@on_linux
async def test_a_child_in_a_session_of_its_own_is_found_as_well(tmp_path: Path) -> None:
    mark, command = marked()
    done = await run(tmp_path, f"{command}setsid sh -c 'setsid sleep 1000 & sleep 1000' & sleep 0.3; echo done")
    assert done["stdout"] == "done\n"
    assert living(mark) == []


@on_linux
async def test_the_tab_can_end_all_that_runs_for_it(tmp_path: Path) -> None:
    mark, command = marked()
    runs = CommandRuns(lambda: dict(os.environ))
    running = asyncio.create_task(
        run_command.run({"command": f"{command}echo half; sleep 1000"}, state(tmp_path, runs))
    )
    await begun(mark, 1)
    runs.stop("The tab was closed.")
    done = await asyncio.wait_for(running, 5)
    assert (done["success"], done["error"], done["stdout"]) == (False, "The tab was closed.", "half\n")
    assert living(mark) == []


@on_linux
async def test_a_run_that_is_cancelled_ends_its_command_first(tmp_path: Path) -> None:
    mark, command = marked()
    tools = Toolkit(state(tmp_path), runs := runs_for_tests())
    await tools.announce()
    arguments: JsonObject = {"command": f"{command}sleep 1000 & sleep 1000"}
    call = ToolCalled(SessionId("s"), ToolCallId("c"), "run_command", arguments, ClaimId(str(uuid.uuid4())))
    running = asyncio.create_task(tools.run(call))
    await begun(mark, 2)
    await runs.close()
    assert living(mark) == []
    with pytest.raises(asyncio.CancelledError):
        await running


@on_linux
async def test_the_death_of_the_program_ends_its_commands(tmp_path: Path) -> None:
    mark, command = marked()
    script = (
        "import asyncio, os, pathlib\n"
        "from client.tools.command_runs import CommandRuns\n"
        f"runs = CommandRuns(lambda: dict(os.environ)); command = {command + 'sleep 1000 & sleep 1000'!r}\n"
        f"asyncio.run(runs.run(command, pathlib.Path({str(tmp_path)!r}), 600))\n"
    )
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    await begun(mark, 2)
    program.kill()
    await program.wait()
    async with asyncio.timeout(5):
        while living(mark):
            await asyncio.sleep(0.05)


async def test_a_command_that_kills_its_keeper_is_not_waited_for(tmp_path: Path) -> None:
    done = await asyncio.wait_for(run(tmp_path, "kill -9 $PPID; sleep 3"), 10)
    assert "how the command ended is not known" in str(done["error"])


async def test_a_flood_is_bounded_in_memory_and_its_two_ends_are_kept(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = await run(tmp_path, "echo first; timeout 1 yes | head -c 50000000; echo last; echo no >&2", timeout=30)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024
    stdout = str(done["stdout"])
    assert (stdout[:8], stdout[-7:]) == ("first\ny\n", "y\nlast\n")
    assert "bytes left out" in stdout
    assert done["truncated"] is True
    assert len(stdout) < MOST_STDOUT + 100
    assert done["stderr"] == "no\n"


async def test_a_flood_without_an_end_is_ended_with_its_time(tmp_path: Path) -> None:
    done = await asyncio.wait_for(run(tmp_path, "yes >&2", timeout=1), 8)
    assert "ended after 1 seconds" in str(done["error"])
    assert len(str(done["stderr"])) < MOST_STDERR + 100


async def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    done = await run(tmp_path, "printf 'a\\377\\376b'")
    assert done["stdout"] == "a��b"


async def test_other_work_goes_on_while_a_command_floods(tmp_path: Path) -> None:
    running = asyncio.create_task(run(tmp_path, "yes", timeout=1))
    slowest = 0.0
    while not running.done():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 0.5


async def test_a_command_runs_under_the_umask_of_the_person(tmp_path: Path) -> None:
    runs = CommandRuns(lambda: dict(os.environ), umask=0o027)
    done = await run_command.run({"command": "umask"}, state(tmp_path, runs))
    assert str(done["stdout"]).strip() == "0027"


async def test_a_command_whose_folder_could_not_be_shown_does_not_run(tmp_path: Path) -> None:
    tools = Toolkit(state(tmp_path), runs_for_tests())
    arguments: JsonObject = {"command": "touch ran", "cwd": "later"}
    session, call = SessionId("s"), ToolCallId("c")
    asked = ApprovalAsked(session, call, "run_command", "Run", "execute", arguments, "hash", "risk", expires_in=60)
    preview = await tools.preview(asked)
    assert preview is not None
    assert "It would be refused" in preview.facts[0].text
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "later").symlink_to(tmp_path / "elsewhere")
    await tools.announce()
    done = await tools.run(ToolCalled(session, call, "run_command", arguments, ClaimId("1")))
    assert "was not run" in str(done["error"])
    assert not list((tmp_path / "elsewhere").iterdir())
