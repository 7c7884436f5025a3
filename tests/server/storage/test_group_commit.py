"""A hundred tabs that share a commit do not all go on in the same round of the event loop."""

from __future__ import annotations

import asyncio

from server.storage.group_commit import TOLD_AT_ONCE, GroupCommit

MANY = 10 * TOLD_AT_ONCE


async def test_who_shares_a_commit_goes_on_a_few_at_a_time_in_order() -> None:
    async def write(jobs: list[int]) -> list[bool]:
        return [True] * len(jobs)

    commits = GroupCommit(write, lambda _: None)
    rounds: list[list[int]] = [[]]
    is_over = asyncio.Event()

    async def tab(number: int) -> None:
        await commits.keep(number)
        rounds[-1].append(number)
        if number == MANY - 1:
            is_over.set()

    async def count_rounds() -> None:
        while not is_over.is_set():
            await asyncio.sleep(0)
            rounds.append([])

    async with asyncio.timeout(5):
        await asyncio.gather(count_rounds(), *(tab(number) for number in range(MANY)))
    assert [number for each in rounds for number in each] == list(range(MANY))
    assert max(map(len, rounds)) <= TOLD_AT_ONCE


async def test_who_is_told_late_is_told_even_if_the_writer_is_stopped() -> None:
    async def write(jobs: list[int]) -> list[bool]:
        return [number % 2 == 0 for number in jobs]

    commits = GroupCommit(write, lambda _: None)
    futures = [commits.decide(number) for number in range(MANY)]
    async with asyncio.timeout(5):
        await futures[0]
        assert not futures[-1].done()
        # It has no time left.
        await commits.close(0)
        assert [await future for future in futures] == [number % 2 == 0 for number in range(MANY)]
