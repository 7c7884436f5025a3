"""A person's data without a server: what is stored, what is asked for, and what goes wrong when a test wants it to."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.errors import RingbackError
from shared.json_types import JsonObject


@dataclass
class PersonalDataForTests:
    """Implements ``client.ports.PersonalData``."""

    states: dict[str, JsonObject] = field(default_factory=dict)
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
