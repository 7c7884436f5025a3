"""The window through which a conversation is read."""

from __future__ import annotations

from typing import Any

import pytest
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.events.event import Event
from google.adk.sessions.base_session_service import GetSessionConfig
from google.adk.sessions.session import Session
from google.genai import types
from sqlalchemy.ext.asyncio import AsyncEngine

from server.agent.history import HistoryFailedError, WindowedHistory
from server.agent.runner import AdkAgent
from tests.server.agent.talks import open_talk, say, stored
from tests.server.tab_for_tests import TabForTests

WHO: dict[str, Any] = {"app_name": "agents", "user_id": "u", "session_id": "s"}


@pytest.fixture
async def session(history: WindowedHistory) -> Session:
    return await history.create_session(**WHO)


async def write_turn(history: WindowedHistory, session: Session, number: int, calls: int = 0) -> None:
    message = types.Content(role="user", parts=[types.Part(text=f"message {number}")])
    await history.append_event(session, Event(author="user", invocation_id=str(number), content=message))
    for call in range(calls):
        name = f"{number}-{call}"
        ask = types.Part(function_call=types.FunctionCall(id=name, name="tool", args={}))
        give = types.Part(function_response=types.FunctionResponse(id=name, name="tool", response={}))
        for role, part in (("model", ask), ("user", give)):
            content = types.Content(role=role, parts=[part])
            await history.append_event(session, Event(author="ringback", invocation_id=str(number), content=content))
    reply = types.Content(role="model", parts=[types.Part(text=f"answer {number}")])
    await history.append_event(session, Event(author="ringback", invocation_id=str(number), content=reply))


async def read(history: WindowedHistory) -> list[Event]:
    session = await history.get_session(**WHO)
    assert session is not None
    return session.events


async def test_a_short_conversation_is_read_whole(history: WindowedHistory, session: Session) -> None:
    for number in range(5):
        await write_turn(history, session, number)
    assert len(await read(history)) == 10


async def test_the_window_holds_whole_turns_and_no_more_than_it_may(history: WindowedHistory, session: Session) -> None:
    history.window = 10
    for number in range(6):
        await write_turn(history, session, number, calls=1)
    events = await read(history)
    assert [event.invocation_id for event in events] == ["4"] * 4 + ["5"] * 4
    assert events[0].author == "user"


async def test_a_window_filled_to_the_last_event_by_whole_turns_loses_none(
    history: WindowedHistory, session: Session
) -> None:
    history.window = 8
    for number in range(6):
        await write_turn(history, session, number, calls=1)
    assert [event.invocation_id for event in await read(history)] == ["4"] * 4 + ["5"] * 4


async def test_a_turn_longer_than_the_window_is_read_from_its_message_on(
    history: WindowedHistory, session: Session
) -> None:
    history.window = 4
    await write_turn(history, session, 0)
    await write_turn(history, session, 1, calls=20)
    events = await read(history)
    assert {event.invocation_id for event in events} >= {"1"}
    assert sum(event.invocation_id == "1" for event in events) == 42
    assert events[0].author == "user"
    assert events[0].get_function_responses() == []


async def test_a_caller_who_asks_for_a_part_gets_that_part(history: WindowedHistory, session: Session) -> None:
    for number in range(3):
        await write_turn(history, session, number)
    part = await history.get_session(**WHO, config=GetSessionConfig(num_recent_events=1))
    assert part is not None
    assert len(part.events) == 1


async def test_a_turn_after_many_works_and_is_kept(history: WindowedHistory) -> None:
    history.window = 5
    tab = TabForTests()
    talk = open_talk(AdkAgent(session_service=history, model_name="demo"), tab)
    for _ in range(4):
        assert (await say(talk, "Change BGM to track 1")).problem is None
    events = await stored(history, talk)
    assert [len(event.get_function_calls()) for event in events] == [0, 1, 0, 0, 0]


async def test_a_session_that_is_there_is_not_made_twice(history: WindowedHistory, session: Session) -> None:
    with pytest.raises(AlreadyExistsError):
        await history.create_session(**WHO)


async def test_a_database_that_fails_is_named_and_its_reason_kept(
    history: WindowedHistory, session: Session, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE events")
    with pytest.raises(HistoryFailedError) as caught:
        await read(history)
    assert "no such table" in str(caught.value.__cause__)
