"""A turn through the whole server beside the bare ADK Runner on the same storage, at 10, 1,000 and 5,000 events."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from pathlib import Path

from google.adk.agents import LlmAgent, RunConfig
from google.adk.agents.run_config import StreamingMode  # type: ignore[attr-defined]  # ADK documents it here
from google.adk.apps import App
from google.adk.events import Event
from google.adk.runners import Runner
from google.adk.sessions import DatabaseSessionService
from google.genai import types
from sqlalchemy.ext.asyncio import create_async_engine

from server.agent.models.demo import DemoModel
from server.agent.runner import INSTRUCTION
from server.agent.tools import BACKEND_TOOLS
from server.core.adk_user import adk_user_id
from server.storage.engine import make_engine
from shared.ids import TenantId, UserId
from tests.bench.table import show
from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import fresh_server

SIZES = (10, 1_000, 5_000)
TURNS = 40
"""Turns measured at each size. They grow the session by two events each, for both sides alike."""


def content(role: str, text: str) -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=text)])


async def seed(service: DatabaseSessionService, user: str, session_id: str, events: int) -> None:
    """Append ``events`` events, question and answer in turns."""
    session = await service.get_session(app_name="agents", user_id=user, session_id=session_id)
    assert session is not None
    for n in range(events):
        role, author = ("user", "user") if n % 2 == 0 else ("model", "ringback")
        event = Event(author=author, invocation_id=f"seed-{n // 2}", content=content(role, f"line {n} of the seed"))
        await service.append_event(session, event)


async def bare_turns(database: Path, events: int, *, tuned: bool) -> float:
    """Median milliseconds of a turn of the bare Runner with the same agent, streaming as ours does.

    ``tuned``: on our engine, else on ADK's own.
    """
    url = f"sqlite+aiosqlite:///{database}"
    engine = make_engine(url) if tuned else create_async_engine(url)
    service = DatabaseSessionService(db_engine=engine)
    agent = LlmAgent(name="ringback", model=DemoModel(), instruction=INSTRUCTION, tools=[*BACKEND_TOOLS])
    runner = Runner(app=App(name="agents", root_agent=agent), session_service=service)
    session = await service.create_session(app_name="agents", user_id="bench", session_id=str(uuid.uuid4()))
    await seed(service, "bench", session.id, events)
    taken = []
    for n in range(TURNS):
        begun = time.perf_counter()
        said = content("user", f"hi {n}")
        async for _ in runner.run_async(
            user_id="bench",
            session_id=session.id,
            new_message=said,
            run_config=RunConfig(streaming_mode=StreamingMode.SSE),
        ):
            pass
        taken.append(time.perf_counter() - begun)
    await runner.close()
    await engine.dispose()
    return statistics.median(taken[5:]) * 1000


async def our_turns(home: Path, events: int) -> float:
    """Median milliseconds of a turn through the server process, from the prompt to its answer, at a WebSocket."""
    async with fresh_server(home) as server, raw_tab(server.url, server.token) as tab:
        await tab.prompt("hello")
        user = tab.session_id.removeprefix("session_").removesuffix(f"_{tab.signature}")
        engine = make_engine(f"sqlite+aiosqlite:///{server.data_dir / 'ringback.db'}")
        await seed(
            DatabaseSessionService(db_engine=engine),
            adk_user_id(TenantId("default"), UserId(user)),
            tab.session_id,
            events,
        )
        await engine.dispose()
        taken = []
        for n in range(TURNS):
            begun = time.perf_counter()
            await tab.prompt(f"hi {n}")
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken[5:]) * 1000


async def measure() -> None:
    rows = []
    at_ten = 0.0
    for events in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            tuned = await bare_turns(home / "tuned.db", events, tuned=True)
            ours = await our_turns(home / "ours", events)
            plain = await bare_turns(home / "plain.db", events, tuned=False)
        at_ten = at_ten or ours
        rows.append(
            [
                f"{events:,}",
                f"{tuned:.1f}",
                f"{plain:.1f}",
                f"{ours:.1f}",
                f"{ours / tuned:.2f} x",
                f"{ours / at_ten:.2f} x",
            ]
        )
    show(
        "A turn, median ms",
        [
            "events",
            "bare Runner, our engine",
            "bare Runner, ADK's own engine",
            "ours, whole server",
            "ours / bare",
            "ours / ours at 10",
        ],
        rows,
    )


def main() -> None:
    asyncio.run(measure())
