"""Turns: each is stored as begun before the agent hears of it, and one that is cancelled while it waits is kept."""

from __future__ import annotations

import asyncio

import pytest

from server.context import TurnContext
from server.conversations.conversation import Conversation
from server.core.records import TurnRecord, TurnState
from server.core.session_events import Said
from shared.errors import BadRequestError
from shared.frames import TurnEnded
from shared.ids import MessageId
from tests.server.agent_for_tests import AgentForTests
from tests.server.services_for_tests import ADA, Setup, begun, until
from tests.server.tab_for_tests import TabForTests

ONE, TWO = (Said(MessageId(name), f"text of {name}") for name in ("one", "two"))
CANCELLED = TurnEnded(TWO.message_id, "cancelled")


class Talk:
    """A conversation whose turns go on until they are cancelled; ``found`` is what was stored when each began."""

    def __init__(self) -> None:
        self.found: list[TurnRecord] = []
        self.setup = Setup(AgentForTests(self._act))
        self.tab = TabForTests()
        self.talk: Conversation = begun(self.setup.sessions, ADA, self.tab)

    async def _act(self, turn: TurnContext) -> str:
        self.found.append(self.turns[turn.message_id])
        await turn.abort.wait()
        return "done"

    @property
    def turns(self) -> dict[MessageId, TurnRecord]:
        return self.setup.ledger.turns[self.talk.key]

    def says(self, said: Said) -> asyncio.Task[TurnEnded]:
        return asyncio.create_task(self.talk.prompt(said))

    async def is_stored(self, said: Said) -> None:
        await until(lambda: said.message_id in self.setup.ledger.turns.get(self.talk.key, {}))


async def test_a_turn_is_stored_as_running_before_the_agent_begins_it() -> None:
    it = Talk()
    it.setup.ledger.is_stuck = True
    turn = it.says(ONE)
    await until(lambda: bool(it.setup.ledger.waiting))
    it.setup.ledger.unstick()
    # From now on nothing is stored again, and so the agent is to wait.
    it.setup.ledger.is_stuck = True
    await until(lambda: bool(it.setup.ledger.waiting))
    for _ in range(50):
        await asyncio.sleep(0)
    assert it.turns[ONE.message_id].state is TurnState.WAITING
    assert it.found == []
    it.setup.ledger.unstick()
    await until(lambda: bool(it.found))
    assert it.found == [TurnRecord(ONE.message_id, ONE.text, TurnState.RUNNING, 1)]
    await it.talk.cancel()
    assert (await turn).stop_reason == "cancelled"


async def test_the_words_of_a_message_that_is_cancelled_while_it_waits_are_kept_and_it_is_told_as_cancelled() -> None:
    it = Talk()
    turns = [it.says(ONE), it.says(TWO)]
    await it.is_stored(TWO)
    await until(lambda: bool(it.found))
    await it.talk.cancel()
    assert [turn.stop_reason for turn in await asyncio.gather(*turns)] == ["cancelled"] * 2
    await until(lambda: it.turns[TWO.message_id].state is TurnState.ENDED)
    assert it.turns[TWO.message_id] == TurnRecord(TWO.message_id, TWO.text, TurnState.ENDED, 0, CANCELLED)
    assert it.tab.updates.count(CANCELLED) == 1
    assert [record.message_id for record in it.found] == ["one"]
    # Sent again, it gets the same end; other words under its id are refused, as they are while it waits.
    assert await it.says(TWO) == CANCELLED
    with pytest.raises(BadRequestError):
        await it.says(Said(TWO.message_id, "other words"))
