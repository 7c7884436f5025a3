"""Ten thousand open approvals slow down neither the start nor an answer."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import pytest

from shared.acp_names import META_LAST_SEQ
from tests.faults.household import WAIT, household, notify
from tests.faults.nursery import Nursery
from tests.journeys.raw_tab import RawTab, raw_tab

MANY = 10_000
READY = 3.0
ANSWERED = 0.050
BUSY = 4.0
"""How many times as long it may take where other tests are busy as well."""
ON_ONE_CONNECTION = 20
COPIED = {
    "sessions": "id",
    "events": "session_id",
    "turn": "session_id",
    "update_batch": "session_id",
    "call": "session_id",
    "lease": "session_id",
    "conversation": "session_id",
}
"""The tables that know of a conversation, and the column that names it."""


@dataclass
class Tally:
    """What was measured, in seconds."""

    ready: float = 0.0
    first: float = 0.0
    asked: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)


def copy_often(database: Path, session_id: str, count: int) -> None:
    """Have as many conversations like this one."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table, column in COPIED.items():
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            own = {"id"} if table in {"turn", "call"} else set()
            names = [name for name in names if name not in own]
            values = ["? || number" if name == column else name for name in names]
            connection.execute(
                "WITH RECURSIVE copy(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < ?) "
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}, copy "
                f"WHERE {column} = ?",
                (count, f"{session_id}_", session_id),
            )
        connection.commit()


async def answer_one(tab: RawTab, session_id: str, tally: Tally) -> None:
    """Open one of them, and answer its question."""
    begun, asked, called = time.perf_counter(), len(tab.asked), len(tab.called)
    params = {"sessionId": session_id, "cwd": "/", "mcpServers": [], "_meta": {META_LAST_SEQ: 0}}
    answer = await tab.request("session/resume", params)
    if "error" in answer:
        tally.wrongs.append(f"{session_id}: {json.dumps(answer)}")
        return
    await tab.until(lambda: len(tab.asked) > asked)
    tally.asked.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    await tab.answer(tab.asked[-1], "allow_once")
    await tab.until(lambda: len(tab.called) > called)
    tally.answered.append(time.perf_counter() - begun)


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    """Answer ``count`` of them."""
    dice, tally = random.Random(seed), Tally()
    async with household(nursery, home, "PC") as house:
        (tab,) = house.tabs
        assert await house.start()
        tab.say("m", f"/tool {notify(f'{WAIT} for me')}")
        await house.until("it is asked", lambda: tab.open_questions)
        await house.end()
        tab.stays_away = True
        copy_often(house.database, tab.seen.session_id, MANY)
        house.plant = plant
        begun = time.perf_counter()
        assert await house.start()
        tally.ready = time.perf_counter() - begun
        async with raw_tab(house.where.url, house.where.token) as other:
            assert "result" in await other.prompt("hello")
            tally.first = time.perf_counter() - begun
        chosen = dice.sample(range(1, MANY + 1), count)
        for at in range(0, count, ON_ONE_CONNECTION):
            async with raw_tab(house.where.url, house.where.token, is_opened=False) as asked:
                await asked.introduce()
                for number in chosen[at : at + ON_ONE_CONNECTION]:
                    await answer_one(asked, f"{tab.seen.session_id}_{number}", tally)
    print(
        f"{MANY} open approvals: ready after {tally.ready:.2f} s, a first turn over after {tally.first:.2f} s; "
        f"of {len(tally.asked)} p95: open and asked {p95(tally.asked) * 1000:.0f} ms, "
        f"answered and run {p95(tally.answered) * 1000:.0f} ms"
    )
    return tally


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1] if len(seconds) > 1 else float("inf")


async def test_ten_thousand_open_approvals_slow_nothing_down(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=20, seed=15)
    assert tally.wrongs == []
    assert tally.ready < BUSY * READY
    assert p95(tally.answered) < BUSY * ANSWERED


@pytest.mark.stress
async def test_ten_thousand_open_approvals_keep_the_figures(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=300, seed=random.randrange(10**6))
    assert tally.wrongs == []
    assert tally.ready < READY
    assert p95(tally.asked) < ANSWERED
    assert p95(tally.answered) < ANSWERED
