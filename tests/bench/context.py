"""The turn context: bound, read and taken along into a thread, beside a bare ContextVar and executor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

from server.context import ContextThreadPool, TurnContext, bound, current_turn, get_conversation_state
from tests.bench.table import interleaved, show
from tests.server.context.turn_for_tests import TurnsForTests

ROUNDS = 15
MANY, FEW = 20_000, 500
"""How often a thing is done for one measurement: alone too short to be measured, and with a thread."""

_bare: ContextVar[object] = ContextVar("bare")


def microseconds(step: Callable[[], object], times: int) -> Callable[[], float]:
    """What measures ``step`` once, in microseconds."""

    def measure() -> float:
        begun = time.perf_counter()
        for _ in range(times):
            step()
        return (time.perf_counter() - begun) / times * 1e6

    return measure


def bind(turn: TurnContext) -> None:
    with bound(turn):
        pass


def bind_barely() -> None:
    _bare.reset(_bare.set(None))


def measures(turn: TurnContext, pool: ContextThreadPool, plain: ThreadPoolExecutor) -> dict[str, Callable[[], float]]:
    """Ours and its floor, each under its name; the context is bound where they run."""
    return {
        "bind and reset": microseconds(lambda: bind(turn), MANY),
        "bind and reset, bare": microseconds(bind_barely, MANY),
        "read": microseconds(current_turn, MANY),
        "read, bare": microseconds(_bare.get, MANY),
        "read the conversation's state, a copy": microseconds(get_conversation_state, MANY),
        "read the conversation's state, bare": microseconds(lambda: dict(turn.session.state), MANY),
        "into a thread and back": microseconds(lambda: pool.submit(current_turn).result(), FEW),
        "into a thread and back, bare": microseconds(lambda: plain.submit(int).result(), FEW),
    }


async def measure() -> None:
    turn = await TurnsForTests().of()
    turn.session.state.update({f"field {n}": n for n in range(10)})
    _bare.set(None)
    with ContextThreadPool(1, "ours") as pool, ThreadPoolExecutor(1) as plain, bound(turn):
        taken = interleaved(measures(turn, pool, plain), ROUNDS)
    names = ("bind and reset", "read", "read the conversation's state, a copy", "into a thread and back")
    floors = {name: taken[name.replace(", a copy", "") + ", bare"] for name in names}
    rows = [[name, f"{floors[name]:.2f}", f"{taken[name]:.2f}", f"{taken[name] - floors[name]:+.2f}"] for name in names]
    show("The turn context, median µs", ["what", "bare", "ours", "more"], rows)


def main() -> None:
    asyncio.run(measure())
