"""Trials of ADK's own confirmation: many answers to one question, and messages that meet on one session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from google.adk.sessions import BaseSessionService, DatabaseSessionService, InMemorySessionService

from tests.bench.answers import Schedule, Writers, send_all
from tests.bench.peer import APP, USER, Tool, ask, confirm, make_runner, say
from tests.bench.side_effect import leave, ran_again

WORKING = 0.05
"""How long the tool takes after its side effect, in seconds."""


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[BaseSessionService]:
    """ADK's database service on a new file, on ADK's own engine."""
    async with DatabaseSessionService(f"sqlite+aiosqlite:///{folder / 'peer.db'}") as service:
        yield service


@asynccontextmanager
async def memory(folder: Path) -> AsyncIterator[BaseSessionService]:
    """ADK's service without a file; it is called as :func:`sqlite` is."""
    yield InMemorySessionService()


SERVICES = {"SQLite": sqlite, "memory": memory}


def paying(file: Path) -> Tool:
    """A tool that leaves its line in ``file`` and then takes a moment."""

    async def pay(approval: str) -> dict[str, str]:
        leave(file, approval)
        await asyncio.sleep(WORKING)
        return {"paid": approval}

    return pay


async def answer_often(service: BaseSessionService, tool: Tool, schedules: Sequence[Schedule]) -> list[str]:
    """One confirmation for each schedule, answered yes as often and when it says; the approvals asked for."""
    runner = make_runner(service, tool)
    approvals = [f"approval-{number}" for number in range(len(schedules))]
    for approval, schedule in zip(approvals, schedules, strict=True):
        await service.create_session(app_name=APP, user_id=USER, session_id=approval)
        asked = await ask(runner, approval, approval)
        # A duplicate that is refused is as good as one that is ignored: what counts is how often the tool ran.
        await send_all(schedule, lambda _, a=approval, q=asked: confirm(runner, a, q))  # type: ignore[misc]
    await runner.close()
    return approvals


async def double_runs(storage: str, folder: Path, schedules: Sequence[Schedule]) -> int:
    """Trials in which one approval ran the tool more than once."""
    folder.mkdir()
    file = folder / "runs"
    async with SERVICES[storage](folder) as service:
        return ran_again(file, await answer_often(service, paying(file), schedules))


async def kept_messages(service: BaseSessionService, session_id: str) -> list[str]:
    """What the person said, as the session has it."""
    session = await service.get_session(app_name=APP, user_id=USER, session_id=session_id)
    assert session is not None
    return [
        part.text
        for event in session.events
        if event.author == "user" and event.content is not None
        for part in event.content.parts or []
        if part.text
    ]


async def meet(storage: str, folder: Path, schedules: Sequence[Schedule]) -> Writers:
    """For each schedule a session in which its messages are sent, while others are being answered."""
    folder.mkdir()
    seen = Writers()
    async with SERVICES[storage](folder) as service:
        runner = make_runner(service, paying(folder / "runs"))
        for number, schedule in enumerate(schedules):
            session_id = f"session-{number}"
            await service.create_session(app_name=APP, user_id=USER, session_id=session_id)
            said = [f"hello {n}" for n in range(len(schedule.delays))]
            errors = await send_all(schedule, lambda n, s=session_id, t=said: say(runner, s, t[n]))  # type: ignore[misc]
            seen.count(said, await kept_messages(service, session_id), errors)
        await runner.close()
    return seen
