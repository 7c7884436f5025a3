"""ADK's own confirmation across a crash: killed inside the tool, resumed by a new process.

The processes are forked from one that has ADK loaded already: loading it takes longer than the trial.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tests.bench.answers import LIMIT
from tests.bench.peer import APP, USER, ask, confirm, make_runner, resume
from tests.bench.peer_trials import paying, sqlite
from tests.bench.side_effect import leave, ran_again

_PROCESSES = multiprocessing.get_context("forkserver")
_LOADED = [
    __name__,
    "google.adk.flows.llm_flows.auto_flow",
    "google.adk.models.google_llm",
    "google.adk.auth.auth_preprocessor",
    "google.adk.memory.in_memory_memory_service",
    "google.adk.tools.agent_tool",
    "google.adk.workflow._workflow",
    "sqlalchemy.dialects.sqlite.aiosqlite",
]
"""What a process has from its parent: ADK imports the most of itself only when it first runs."""


async def _approve_and_die(folder: Path, approval: str) -> None:
    async def pay(approval: str) -> NoReturn:
        leave(folder / "runs", approval)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("killed")

    async with sqlite(folder) as service:
        runner = make_runner(service, pay)
        await service.create_session(app_name=APP, user_id=USER, session_id=approval)
        asked = await ask(runner, approval, approval)
        (folder / f"{approval}.invocation").write_text(asked.invocation_id, encoding="utf-8")
        await confirm(runner, approval, asked)


async def _resume(folder: Path, approval: str) -> None:
    async with sqlite(folder) as service:
        runner = make_runner(service, paying(folder / "runs"))
        await resume(runner, approval, (folder / f"{approval}.invocation").read_text(encoding="utf-8"))
        await runner.close()


def _be_quiet() -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("google_adk").setLevel(logging.CRITICAL)


def approve_and_die(folder: Path, approval: str) -> None:
    """Ask, answer yes, leave the side effect and be killed before the tool returns."""
    _be_quiet()
    asyncio.run(_approve_and_die(folder, approval))


def go_on(folder: Path, approval: str) -> None:
    """Resume the invocation by its id, as after a restart. Nobody approves anything."""
    _be_quiet()
    asyncio.run(_resume(folder, approval))


def exit_code(work: Callable[[Path, str], None], folder: Path, approval: str) -> int:
    """How a new process that does ``work`` ends.

    Raises:
        TimeoutError: if it does not, in the time of a trial.
    """
    process = _PROCESSES.Process(target=work, args=(folder, approval))
    process.start()
    process.join(LIMIT)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"{approval}: {work.__name__} did not end")
    return process.exitcode


def crash_and_resume(folder: Path, approval: str) -> None:
    """One trial, in a folder of its own."""
    home = folder / approval
    home.mkdir()
    died = exit_code(approve_and_die, home, approval)
    assert died == -signal.SIGKILL, f"not killed in the tool, but ended with {died}"
    ended = exit_code(go_on, home, approval)
    assert ended == 0, f"resuming ended with {ended}"


def second_runs(folder: Path, trials: int) -> int:
    """Trials in which resuming ran the tool again, though nobody approved a second run."""
    folder.mkdir()
    _PROCESSES.set_forkserver_preload(_LOADED)
    approvals = [f"approval-{number}" for number in range(trials)]
    # One after the other: with threads, multiprocessing takes one's exit code for another's and says 255.
    for approval in approvals:
        crash_and_resume(folder, approval)
    return sum(ran_again(folder / approval / "runs", [approval]) for approval in approvals)
