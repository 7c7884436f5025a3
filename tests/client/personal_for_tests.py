"""A person's data without a server: what is stored, what is asked for, and what goes wrong when a test wants it to."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from client.core.grants import HeldGrant, LoggedDecision
from shared.errors import RingbackError, UnknownGrantError
from shared.json_types import JsonObject


@dataclass
class PersonalDataForTests:
    """Implements ``client.ports.PersonalData``."""

    states: dict[str, JsonObject] = field(default_factory=dict)
    grants: tuple[HeldGrant, ...] = ()
    log: tuple[LoggedDecision, ...] = ()
    text: str = ""
    message: str = "All conversations and the shared state of ada are gone."
    failure: RingbackError | None = None
    asked: list[str] = field(default_factory=list)
    may_answer: asyncio.Event | None = None
    """While set and not fired, every answer waits for it."""
    when_stored: Callable[[], object] = lambda: None
    """Called at the moment a value is stored."""

    async def list_states(self) -> tuple[str, ...]:
        await self._answer("list")
        return tuple(sorted(self.states))

    async def get_state(self, key: str) -> JsonObject | None:
        await self._answer(f"get {key}")
        return copy.deepcopy(self.states.get(key))

    async def set_state(self, key: str, data: JsonObject) -> None:
        await self._answer(f"set {key}")
        self.states[key] = copy.deepcopy(data)
        self.when_stored()

    async def delete_state(self, key: str) -> int:
        await self._answer(f"delete {key}")
        return 0 if self.states.pop(key, None) is None else 1

    async def list_grants(self) -> tuple[HeldGrant, ...]:
        await self._answer("grants")
        return self.grants

    async def revoke_grant(self, grant_id: str) -> int:
        await self._answer(f"revoke {grant_id}")
        if grant_id not in {grant.id for grant in self.grants}:
            raise UnknownGrantError("You have no grant of that id. It may be over, or taken back already.")
        self.grants = tuple(grant for grant in self.grants if grant.id != grant_id)
        return 1

    async def revoke_all_grants(self) -> int:
        await self._answer("revoke all")
        count, self.grants = len(self.grants), ()
        return count

    async def grant_log(self, last: int) -> tuple[LoggedDecision, ...]:
        await self._answer(f"log {last}")
        return self.log[-last:]

    async def reset(self) -> str:
        await self._answer("reset")
        self.states.clear()
        return self.message

    async def metrics(self) -> str:
        await self._answer("metrics")
        return self.text

    async def _answer(self, asked: str) -> None:
        self.asked.append(asked)
        if self.may_answer is not None:
            await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
