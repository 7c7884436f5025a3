"""What a trial with many answers or messages is made of: how many there are, when each is sent, and what to count."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

SPREAD = 0.05
"""Within how many seconds answers come that do not come at once."""

MOST = 8
LIMIT = 20.0
"""Seconds until a trial is given up: it then fails the benchmark instead of hanging it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each of several answers, or messages, is sent: seconds after the first could be."""

    delays: Sequence[float]


def schedules(trials: int, *, is_spread: bool, fixed: int | None = None, seed: int = 7) -> list[Schedule]:
    """One for each trial, always the same for a ``seed``: ``fixed`` answers, or 2 to 8, at once or spread."""
    dice = random.Random(seed)
    made = []
    for _ in range(trials):
        count = fixed or dice.randint(2, MOST)
        made.append(Schedule([dice.uniform(0, SPREAD) if is_spread else 0.0 for _ in range(count)]))
    return made


async def send_all(schedule: Schedule, send: Callable[[int], Awaitable[object]]) -> list[BaseException]:
    """Call ``send`` with 0, 1, … at its times, all together; what it raised, once all have ended."""

    async def later(number: int, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        await send(number)

    async with asyncio.timeout(LIMIT):
        sent = await asyncio.gather(
            *(later(number, delay) for number, delay in enumerate(schedule.delays)), return_exceptions=True
        )
    return [error for error in sent if error is not None]


@dataclass
class Writers:
    """What came of trials in which messages met on one session."""

    trials: int = 0
    raised: int = 0
    lost: int = 0
    errors: list[str] = field(default_factory=list)

    def count(self, said: Sequence[str], kept: Sequence[str], errors: Sequence[BaseException]) -> None:
        """One trial: the messages ``said``, those that the session has kept, and what their senders were told."""
        self.trials += 1
        self.raised += bool(errors)
        self.lost += len(set(said) - set(kept))
        self.errors += [type(error).__name__ for error in errors]
