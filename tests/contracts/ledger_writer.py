"""A process that writes into a ledger, and says what is committed, until it is killed."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from server.core.session_key import SessionKey
from server.storage.engine import make_engine, sqlite_url
from server.storage.ledger import SqlLedger
from shared.frames import AgentSaid, UserSaid
from shared.ids import MessageId, SessionId
from tests.contracts.records import ADA, running

TALKS = tuple(SessionKey(ADA, SessionId(f"session_ada_{number}")) for number in range(5))


def write_until_killed(file: Path, saying: Connection) -> None:
    asyncio.run(_write(file, saying))


async def _write(file: Path, saying: Connection) -> None:
    ledger = SqlLedger(make_engine(sqlite_url(file)))

    async def talk(number: int) -> None:
        key = TALKS[number]
        for turn in range(1_000_000):
            name, seq = f"message {turn}", turn * 3 + 1
            ledger.put_turn(key, running(name))
            await ledger.put_update(key, seq, UserSaid(MessageId(name), "hi"))
            saying.send((number, turn, seq))
            for piece in (seq + 1, seq + 2):
                await ledger.put_update(key, piece, AgentSaid("word "))
                saying.send((number, turn, piece))

    await asyncio.gather(*(talk(number) for number in range(len(TALKS))))
