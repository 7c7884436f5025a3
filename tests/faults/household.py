"""Some tabs and the server that they share, which dies and comes back with the same files."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from tests.faults.durable_tab import Address, DurableTab, living
from tests.faults.nursery import Life, Nursery
from tests.faults.oracles import wrongs_of
from tests.journeys.raw_tab import Message

PAY = "tests.faults.paying:Pay,tests.faults.paying:PaySync"
PLANTED = 8.0
"""How long is waited at most for what a planted bug may well keep from happening, in seconds."""
WAIT = "wait"
"""How the message of a notification begins that nobody answers at once."""


def unless_told_to_wait(frame: Message) -> str | None:
    """Allow everything but what is to stay open."""
    arguments = frame["params"]["toolCall"].get("rawInput") or {}
    is_open = any(str(value).startswith(WAIT) for value in arguments.values())
    return None if is_open else "allow_once"


class Household:
    """``tabs`` live in one home; :meth:`start` gives them a server."""

    def __init__(self, nursery: Nursery, home: Path, names: Iterable[str]) -> None:
        self.nursery = nursery
        self.home = home
        self.where = Address()
        self.tabs = [self.tab(name) for name in names]
        self.life: Life | None = None
        self.plant: str | None = None
        self.environ = {"RINGBACK_TOOLS": PAY, "PAID": str(home / "paid")}

    @property
    def database(self) -> Path:
        return self.home / "data" / "ringback.db"

    @property
    def log(self) -> str:
        return (self.home / "stderr.log").read_text(encoding="utf-8")

    def tab(self, name: str) -> DurableTab:
        """One more tab, which does not live yet."""
        tab = DurableTab(name, self.home, self.where)
        tab.decide = unless_told_to_wait
        return tab

    async def start(self, faults: Mapping[str, Any] | None = None, **environ: str) -> bool:
        """Start a server; ``False`` if it died before it answered."""
        planted = {} if self.plant is None else {"plant": self.plant}
        self.life = self.nursery.begin(
            self.home, faults={**planted, **(faults or {})}, environ={**self.environ, **environ}
        )
        if not await self.life.ready():
            return False
        self.where.url, self.where.token = self.life.url, self.life.token
        return True

    async def end(self) -> None:
        """``kill -9``, if it lives, and see that it is gone."""
        assert self.life is not None
        self.where.url = ""
        self.life.kill()
        await self.life.over()

    async def until(self, name: str, true: Any, seconds: float = 30.0) -> None:
        """Wait until ``true()``, or the server is dead; with a planted bug not for long."""
        assert self.life is not None
        seconds = min(seconds, PLANTED) if self.plant else seconds
        try:
            async with asyncio.timeout(seconds):
                while not true() and not self.life.is_over:
                    await asyncio.sleep(0.005)
        except TimeoutError:
            states = "\n".join(str(tab) for tab in self.tabs)
            raise AssertionError(f"waited in vain until {name}:\n{states}\n{self.log[-3000:]}") from None

    def still_asked(self) -> dict[str, set[str]]:
        """The calls that a person is asked about, also after a crash: not those of a turn that was being cancelled."""
        return self.in_state("shown", "AND turn.state <> 'cancelling'")

    def in_state(self, state: str, only: str = "") -> dict[str, set[str]]:
        """The calls in that state, by tab."""
        found: dict[str, set[str]] = {tab.name: set() for tab in self.tabs}
        names = {tab.seen.session_id: tab.name for tab in self.tabs}
        if not self.database.exists():
            return found
        with closing(sqlite3.connect(self.database, timeout=5)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'call'").fetchone():
                query = (
                    "SELECT session_id, call_id FROM call JOIN turn USING (tenant, user_id, session_id, message_id) "
                    f"WHERE call.state = ? {only}"
                )
                for session_id, call_id in connection.execute(query, (state,)):
                    if session_id in names:
                        found[names[session_id]].add(call_id)
        return found

    def wrongs(self, *, may_fail: str | None = None) -> list[str]:
        """All that the oracles find."""
        paid = Counter(self.paid)
        twice = [f"paid {times} times for {note}" for note, times in paid.items() if times > 1]
        return twice + [wrong for tab in self.tabs for wrong in wrongs_of(tab, self.database, may_fail=may_fail)]

    @property
    def paid(self) -> list[str]:
        """The notes for which the server's own tool ran."""
        paid = self.home / "paid"
        return paid.read_text(encoding="utf-8").splitlines() if paid.exists() else []


@asynccontextmanager
async def household(nursery: Nursery, home: Path, *names: str) -> AsyncIterator[Household]:
    """Tabs that live, and no server yet; whatever server there is at the end is killed."""
    house = Household(nursery, home, names)
    try:
        async with living(*house.tabs):
            yield house
    finally:
        if house.life is not None:
            await house.end()


def notify(message: str) -> str:
    """A call of a tool in the tab."""
    return f"notify {json.dumps({'message': message})}"
