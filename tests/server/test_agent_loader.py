"""A turn that is begun before the agent is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar, cast

import pytest

from server.agent_loader import LoadingAgent
from server.context import TurnContext
from server.core.identity import Identity, identity_named
from server.ports import Agent
from shared.errors import RingbackError, TurnFailedError, UsageError
from shared.frames import AgentSaid, AgentThought, ModelInfo, UsageChanged

MODEL = ModelInfo("demo", "demo", scripted=True)


class Echo:
    model = MODEL
    commands = ()

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | UsageChanged]:
        yield AgentSaid(turn.text)

    forgotten: ClassVar[list[Identity]] = []

    async def forget(self, identity: Identity) -> int:
        self.forgotten.append(identity)
        return 7


class Turn:
    """As much of a turn as a loading agent looks at."""

    def __init__(self) -> None:
        self.text = "hello"
        self.abort = asyncio.Event()


async def told(agent: LoadingAgent, turn: Turn) -> list[object]:
    async with asyncio.timeout(5):
        return [update async for update in agent.run(cast("TurnContext", turn))]


async def test_a_turn_begun_early_waits_and_the_agent_is_loaded_once() -> None:
    is_ready, loads = asyncio.Event(), 0

    async def load() -> Agent:
        nonlocal loads
        loads += 1
        await is_ready.wait()
        return Echo()

    agent = LoadingAgent(model=MODEL, commands=(), load=load)
    agent.begin()
    turns = [asyncio.create_task(told(agent, Turn())) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(turn.done() for turn in turns)
    is_ready.set()
    assert await asyncio.gather(*turns) == [[AgentSaid("hello")]] * 3
    assert loads == 1


async def test_a_turn_that_is_cancelled_while_it_waits_ends() -> None:
    async def load() -> Agent:
        await asyncio.Event().wait()
        return Echo()

    agent, turn = LoadingAgent(model=MODEL, commands=(), load=load), Turn()
    waiting = asyncio.create_task(told(agent, turn))
    turn.abort.set()
    assert await waiting == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(UsageError("There is no such model."), "no such model"), (RuntimeError("canary"), "could not be loaded")],
)
async def test_an_agent_that_cannot_be_loaded_is_a_sentence_in_each_turn(error: Exception, sentence: str) -> None:
    async def load() -> Agent:
        raise error

    agent = LoadingAgent(model=MODEL, commands=(), load=load)
    for _ in range(2):
        with pytest.raises(TurnFailedError, match=sentence):
            await told(agent, Turn())


async def test_forgetting_waits_until_the_agent_is_there() -> None:
    is_ready, ada = asyncio.Event(), identity_named("default", "ada")

    async def load() -> Agent:
        await is_ready.wait()
        return Echo()

    forgetting = asyncio.create_task(LoadingAgent(model=MODEL, commands=(), load=load).forget(ada))
    await asyncio.sleep(0)
    assert not forgetting.done()
    is_ready.set()
    assert await forgetting == 7
    assert Echo.forgotten == [ada]


async def test_forgetting_says_why_the_agent_cannot_be_loaded() -> None:
    async def load() -> Agent:
        raise UsageError("There is no such model.")

    agent = LoadingAgent(model=MODEL, commands=(), load=load)
    with pytest.raises(RingbackError, match="no such model"):
        await agent.forget(identity_named("default", "ada"))


async def test_it_begins_to_load_before_anybody_asks_and_only_once() -> None:
    loads: list[str] = []
    is_loading = asyncio.Event()

    async def load() -> Agent:
        loads.append("once")
        is_loading.set()
        return Echo()

    agent = LoadingAgent(model=MODEL, commands=(), load=load)
    agent.begin()
    async with asyncio.timeout(5):
        await is_loading.wait()
    agent.begin()
    assert await told(agent, Turn()) == [AgentSaid("hello")]
    assert loads == ["once"]
