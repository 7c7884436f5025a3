"""Deleting a person's conversations: all of theirs, and nobody else's."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from server.agent.history import WindowedHistory
from server.agent.runner import APP_NAME, AdkAgent
from server.core.identity import Identity
from shared.errors import TurnFailedError
from tests.server.agent.talks import say, stored, unanswered
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB, Setup, answered, begun
from tests.server.tab_for_tests import TabForTests


@pytest.fixture
def agent(history: WindowedHistory) -> AdkAgent:
    return AdkAgent(session_service=history, model_name="demo")


def sessions(database: Path) -> list[str]:
    """Whose sessions are stored; each has events."""
    with sqlite3.connect(database) as connection:
        found = connection.execute("SELECT user_id, id FROM sessions").fetchall()
        with_events = {row[0] for row in connection.execute("SELECT DISTINCT session_id FROM events")}
    assert with_events == {session for _, session in found}, "no event is left behind"
    return sorted(user for user, _ in found)


async def talked(setup: Setup, *people: Identity) -> None:
    for who in people:
        await say(begun(setup.sessions, who, TabForTests()), "hello")


async def test_all_of_a_person_is_deleted_and_nothing_of_others(agent: AdkAgent, tmp_path: Path) -> None:
    await talked(Setup(agent), ADA, ADA, ADA, BOB, ADA_OF_ACME)
    assert await agent.forget(ADA) == 3
    assert sessions(tmp_path / "ringback.db") == ["acme:ada", "default:bob"]
    assert await agent.forget(ADA) == 0
    assert await agent.forget(ADA_OF_ACME) == 1
    assert sessions(tmp_path / "ringback.db") == ["default:bob"]


async def test_a_person_who_never_said_anything_has_nothing_to_delete(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    await history.prepare_tables()
    assert await agent.forget(BOB) == 0


async def test_a_conversation_begun_anew_under_the_same_id_remembers_nothing(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    tab = TabForTests()
    talk = begun(Setup(agent).sessions, ADA, tab)
    await say(talk, "hello")
    await agent.forget(ADA)
    again = begun(Setup(agent).sessions, ADA, tab)
    assert again.context.session_id == talk.context.session_id
    assert (await say(again, "what is 2+2")).problem is None
    events = await stored(history, again)
    assert "hello" not in str(events)
    assert unanswered(events) == set()


async def test_a_failing_storage_is_a_sentence(agent: AdkAgent, tmp_path: Path) -> None:
    await talked(Setup(agent), ADA)
    with sqlite3.connect(tmp_path / "ringback.db") as connection:
        connection.execute("DROP TABLE events")
    with pytest.raises(TurnFailedError, match="could not all be deleted"):
        await agent.forget(ADA)


async def test_the_agent_s_session_is_made_once_for_a_conversation_whatever_holds_it(
    agent: AdkAgent, history: WindowedHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    honest = history.create_session

    async def counted(*, app_name: str, user_id: str, state: object = None, session_id: str | None = None) -> object:
        made.append(f"{app_name} {session_id}")
        return await honest(app_name=app_name, user_id=user_id, state=state, session_id=session_id)  # type: ignore[arg-type]

    monkeypatch.setattr(history, "create_session", counted)
    setup = Setup(agent)
    talk = begun(setup.sessions, ADA, TabForTests())
    await say(talk, "hello")
    await setup.sessions.open(ADA, TabForTests(), talk.context.session_id, answered(), take_over=True)
    await say(talk, "hello from another tab")
    assert made == [f"{APP_NAME} {talk.context.session_id}"]
    assert talk.context.is_begun
