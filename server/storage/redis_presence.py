"""Whether Redis is there: begins anew with it each time it comes, and tells people when it goes and comes back.

What Redis was not told, it may say wrongly. So whenever something may have been missed (at the start, and each time
Redis was away) a new generation begins there, for all servers at once: what stands in Redis from before counts no more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.core.identity import Identity
from server.core.state_values import decode, encode
from server.log import say
from server.state.store import StateStore
from server.storage.redis_away import RedisAwayError
from server.storage.redis_entries import FILL, LIFE, PUT, READ, floor_at
from shared.errors import StateError
from shared.ids import TenantId, UserId

if TYPE_CHECKING:
    from server.storage.redis_process import RedisProcess

logger = logging.getLogger(__name__)

NOBODY = Identity(TenantId(""), UserId(""))
"""Whose state the name of the database is; nobody is called so."""
DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long after a loss it is tried to come back, and how long that doubles with each vain attempt, in seconds."""

    first: float
    longest: float


AT_LEISURE = Pace(first=1.0, longest=10.0)


@dataclass(frozen=True, slots=True)
class Names:
    """How the keys of one database are called, in a Redis that may serve several databases."""

    database: str

    @property
    def generation(self) -> str:
        """The key of what is new with each generation."""
        return f"ringback:{{{self.database}}}:generation"

    def person(self, owner: Identity) -> str:
        """The key of a person's hash. Braces keep all in one place of a cluster; JSON keeps apart who looks alike."""
        return f"ringback:{{{self.database}}}:{json.dumps([owner.tenant, owner.user_id])}"


class RedisPresence:
    """Looks after itself in a task of its own, from its making until it is closed.

    ``settled`` is set once it is known for the first time whether Redis is there. Who writes to the database while
    Redis is not there counts that in ``missed``.
    """

    def __init__(
        self, inner: StateStore, connect: Callable[[], RedisProcess], notice: Callable[[str], None], pace: Pace
    ) -> None:
        self.settled = asyncio.Event()
        self.missed = 0
        self.names = Names("")
        self._inner = inner
        self._connect = connect
        self._notice = notice
        self._pace = pace
        self._process: RedisProcess | None = None
        self._attending = asyncio.create_task(self._attend(), name="Redis")

    @property
    def process(self) -> RedisProcess | None:
        """Redis, while it is there."""
        return None if self._process is None or self._process.is_lost else self._process

    async def close(self) -> None:
        """End the task and all connections."""
        self._attending.cancel()
        await asyncio.gather(self._attending, return_exceptions=True)
        await self._leave()

    async def _attend(self) -> None:
        try:
            await self._come_and_go()
        except Exception:
            logger.exception("a bug in what looks after Redis: the shared state goes on in the database")

    async def _come_and_go(self) -> None:
        delay, is_told = self._pace.first, False
        while True:
            reason = await self._arrive()
            self.settled.set()
            if self._process is not None:
                if is_told:
                    self._tell("Redis is back: the shared state is read from it again.")
                    is_told = False
                reason, has_lasted = await self._while_there(self._process)
                delay = self._pace.first if has_lasted else delay
            if reason and not is_told:
                self._tell(f"Redis is away ({reason}): the shared state goes on in the database.")
                is_told = True
            await asyncio.sleep(delay)
            delay = min(2 * delay, self._pace.longest)

    async def _while_there(self, process: RedisProcess) -> tuple[str, bool]:
        """Why it was lost, and whether it was there for long: one that comes and goes is tried less and less often."""
        clock = asyncio.get_running_loop().time
        since = clock()
        reason = await process.lost
        await self._leave()
        return reason, clock() - since > self._pace.longest

    async def _arrive(self) -> str:
        """Begin a new generation; why not, if that failed, and nothing if it was not Redis that failed."""
        process = self._connect()
        try:
            if not self.names.database:
                self.names = Names(await self._name_of_database())
            await self._try_out(process)
            await self._begin_generation(process)
        except RedisAwayError as away:
            return str(away)
        except StateError as error:
            logger.warning("Redis is not used yet: %s", error)
            return ""
        finally:
            if self._process is not process:
                await process.close()
        say(logger, "redis_there")
        return ""

    async def _begin_generation(self, process: RedisProcess) -> None:
        while True:
            missed = self.missed
            await process.command("SET", self.names.generation, uuid.uuid4().hex)
            # What was written meanwhile may be missing in the new generation as well.
            if missed == self.missed:
                self._process = process
                return

    async def _try_out(self, process: RedisProcess) -> None:
        """Do all that reads and writes will do, so that what is not permitted shows now."""
        person, entry = self.names.person(NOBODY), floor_at(1)
        told = await process.run(READ, (self.names.generation, person), uuid.uuid4().hex, DATABASE, LIFE)
        token, _ = process.understood(told)
        await process.run(FILL, (person,), token, DATABASE, entry)
        await process.run(PUT, (person,), DATABASE, entry)
        await process.command("DEL", person)

    async def _leave(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    async def _name_of_database(self) -> str:
        while True:
            found = await self._inner.read(NOBODY, DATABASE)
            if found.document is not None:
                return str(decode(found.document)["name"])
            await self._inner.swap(NOBODY, DATABASE, found, encode({"name": uuid.uuid4().hex}))

    def _tell(self, sentence: str) -> None:
        try:
            self._notice(sentence)
        except Exception:
            logger.exception("a bug in one who is told about Redis")
