"""Run as a process: writes so many fields of one key, each named after this process."""

from __future__ import annotations

import asyncio
import sys

from server.bus.local_changes import LocalChanges
from server.core.identity import identity_named
from server.state.shared_state import SharedStates
from server.storage.engine import make_engine
from server.storage.sql_state import SqlState


async def write(url: str, name: str, count: int) -> None:
    engine = make_engine(url)

    async def bring() -> SqlState:
        return SqlState(engine)

    state = SharedStates(bring, LocalChanges()).of(identity_named("default", "ada"), None)
    await asyncio.gather(*(state.update_field("tally", f"{name}{n}", n) for n in range(count)))
    await engine.dispose()


if __name__ == "__main__":
    sys.path.insert(0, ".")
    asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3])))
