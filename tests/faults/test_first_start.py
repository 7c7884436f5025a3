"""A server that is killed while it makes its database for the first time is no worse off the next time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from tests.faults.nursery import Life, Nursery
from tests.journeys.raw_tab import raw_tab

MOST = 200
"""More statements than a first start takes."""


async def talk(life: Life) -> None:
    with suppress(OSError, ConnectionClosed, InvalidMessage):
        async with raw_tab(life.url, life.token) as tab:
            await tab.prompt("hello")


async def starts_again(nursery: Nursery, home: Path, statement: int) -> bool:
    """Whether the first start had so many statements; the next one answers a message."""
    first = nursery.begin(home, faults={"statement": statement})
    if await first.ready():
        # It listens before it has made all of its tables.
        talking, died = asyncio.create_task(talk(first)), asyncio.create_task(first.over())
        await asyncio.wait({talking, died}, return_when=asyncio.FIRST_COMPLETED)
        talking.cancel()
        await asyncio.wait({talking})
        if not first.is_over:
            await first.stop()
        await died
    is_killed = first.is_over and await first.wait() != 0
    async with nursery.life(home) as life, raw_tab(life.url, life.token) as tab:
        answer = await tab.prompt("hello")
        assert answer.get("result", {}).get("stopReason") == "end_turn", (statement, answer, life.log[-2000:])
    return is_killed


async def check(nursery: Nursery, home: Path, *, every: int) -> int:
    """Before how many statements it was killed."""
    for statement in range(1, MOST, every):
        if not await starts_again(nursery, home / str(statement), statement):
            return statement // every
    raise AssertionError(f"a first start takes more than {MOST} statements")


async def test_a_first_start_that_is_killed_here_and_there_is_made_good_by_the_next(
    nursery: Nursery, tmp_path: Path
) -> None:
    assert await check(nursery, tmp_path, every=9)


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_a_first_start_that_is_killed_before_any_statement_is_made_good_by_the_next(
    nursery: Nursery, tmp_path: Path
) -> None:
    print(f"killed before each of {await check(nursery, tmp_path, every=1)} statements of a first start and turn")
