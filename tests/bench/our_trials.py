"""The same trials with Ringback: a real server process, and a tab that speaks to it over a WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from google.adk.sessions import DatabaseSessionService

from server.core.adk_user import adk_user_id
from server.storage.engine import make_engine
from shared.ids import TenantId, UserId
from tests.bench.answers import LIMIT, Schedule, Writers, send_all
from tests.bench.side_effect import leave, ran_again
from tests.faults.household import household
from tests.faults.nursery import open_nursery
from tests.journeys.raw_tab import Message, RawTab, raw_tab
from tests.journeys.server_process import RunningServer

Tool = Callable[[Message], Message]


class TurnFailedError(Exception):
    """A message was answered with an error, or not in its turn."""


def changing(file: Path) -> Tool:
    """The tab's tool: it leaves a line in ``file`` for the track that was approved."""

    def run(params: Message) -> Message:
        leave(file, str(params["arguments"]["track"]))
        return {"success": True}

    return run


async def answer_often(tab: RawTab, schedules: Sequence[Schedule]) -> list[str]:
    """One prompt for each schedule, answered yes as often and when it says; the approvals asked for."""
    for track, schedule in enumerate(schedules):
        arguments = json.dumps({"track": track})
        turn = asyncio.create_task(tab.prompt(f"/tool change_bgm {arguments}"))
        await tab.until(lambda asked=track: len(tab.asked) > asked, LIMIT)  # type: ignore[misc]
        asked = tab.asked[-1]
        assert not await send_all(schedule, lambda _, a=asked: tab.answer(a, "allow_once"))  # type: ignore[misc]
        assert "result" in await turn
    # The server has read every answer by now: it reads in order, and this one comes last.
    await tab.prompt("hello")
    return [str(track) for track in range(len(schedules))]


async def double_runs(server: RunningServer, folder: Path, schedules: Sequence[Schedule]) -> int:
    """Trials in which one approval ran the tool more than once."""
    folder.mkdir()
    async with raw_tab(server.url, server.token) as tab:
        tab.run_tool = changing(folder / "runs")
        return ran_again(folder / "runs", await answer_often(tab, schedules))


async def second_runs(home: Path, count: int) -> int:
    """Trials in which a tool of the server's, killed with it in the middle of a run, ran again after the restart."""
    with open_nursery() as nursery:
        async with household(nursery, home, "tab") as house:
            (tab,) = house.tabs
            assert await house.start()
            for number in range(count):
                note, message_id = str(number), f"message-{number}"
                tab.say(message_id, f'/tool pay {{"note": "{note}", "seconds": 600}}')
                await house.until("it pays", lambda note=note: note in house.paid)
                await house.end()
                assert await house.start()
                await house.until("the turn is over", lambda ended=message_id: ended in tab.ended)
        return ran_again(home / "paid", [str(number) for number in range(count)])


async def _say(tab: RawTab, message: str) -> None:
    answer = await tab.prompt(message, message)
    if "error" in answer:
        raise TurnFailedError(answer["error"]["message"])


def check_order(ends: Sequence[str], said: Sequence[str]) -> list[BaseException]:
    """Nothing if every message of ``said`` ended once, in the order in which it was sent."""
    return [] if list(ends) == list(said) else [TurnFailedError(f"{said} were answered as {ends}")]


async def kept_messages(server: RunningServer, tab: RawTab) -> list[str]:
    """What the person said, as the server's database has it."""
    user = UserId(tab.session_id.removeprefix("session_").removesuffix(f"_{tab.signature}"))
    engine = make_engine(f"sqlite+aiosqlite:///{server.data_dir / 'ringback.db'}")
    try:
        session = await DatabaseSessionService(db_engine=engine).get_session(
            app_name="agents", user_id=adk_user_id(TenantId("default"), user), session_id=tab.session_id
        )
    finally:
        await engine.dispose()
    assert session is not None
    contents = [event.content for event in session.events if event.author == "user" and event.content is not None]
    return [part.text for content in contents for part in content.parts or [] if part.text]


async def meet(server: RunningServer, schedules: Sequence[Schedule]) -> Writers:
    """For each schedule a session in which its messages are sent, while others are being answered."""
    seen = Writers()
    for schedule in schedules:
        async with raw_tab(server.url, server.token) as tab:
            # Those that are sent at once are sent in this order.
            order = sorted(range(len(schedule.delays)), key=lambda n, s=schedule: s.delays[n])  # type: ignore[misc]
            said = [f"message-{n}" for n in range(len(order))]
            named = dict(zip(order, said, strict=True))
            errors = await send_all(schedule, partial(_say_named, tab, named))
            ends = [end["messageId"] for end in tab.ends]
            seen.count(said, await kept_messages(server, tab), [*errors, *check_order(ends, said)])
    return seen


async def _say_named(tab: RawTab, named: dict[int, str], number: int) -> None:
    await _say(tab, named[number])
