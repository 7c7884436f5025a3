"""What a person's tools keep for them, across conversations: nine operations over a small store."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from weakref import WeakValueDictionary

from server.core.identity import Identity
from server.core.state_values import checked_name, checked_ttl, decode, encode, is_same
from server.state.changes import Changes, StateChange
from server.state.store import StateStore, Stored
from server.unbroken import Unbroken
from shared.errors import StateError
from shared.ids import ConnectionSignature
from shared.json_types import JsonObject, JsonValue
from shared.news import StateChanged

KEY = "key"
FIELD = "field name"
MAX_TRIES = 1_000
"""How often a change is tried against other processes that change the same key at the same time."""

Locks = WeakValueDictionary[tuple[Identity, str], asyncio.Lock]
Result = TypeVar("Result")
Change = Callable[[JsonObject | None], JsonObject | None]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of the document under a key: ``change`` gives it, ``None`` for none; and what is told of it.

    ``replaces``: it is a new document, with its own end, ``ttl`` seconds from now or never.
    """

    change: Change
    told: Literal["stored", "deleted"]
    field: str | None = None
    ttl: float | None = None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did: the document before it and after it."""

    before: JsonObject | None
    after: JsonObject | None
    is_changed: bool


class SharedState:
    """The state of one person. What is returned is the caller's own; a failure raises ``StateError``.

    A key or field name has 1 to 200 characters of any kind; what is kept under a key is a JSON object of at most
    256 KiB. Concurrent changes of one key are made one after the other, and none is lost.
    """

    def __init__(self, states: SharedStates, owner: Identity, origin: ConnectionSignature | None) -> None:
        self._states = states
        self._owner = owner
        self._origin = origin
        self._is_over = False

    def end(self) -> None:
        """What this was made for is over: whoever kept it finds nothing here any more, and changes nothing."""
        self._is_over = True

    async def upsert(self, key: str, data: JsonObject, *, ttl: float | None = None) -> bool:
        """Keep ``data`` under ``key`` in place of what was there; gone after ``ttl`` seconds, if given.

        Without ``ttl``, nothing is written if that is what is there already.
        """
        encode(data)
        wanted = copy.deepcopy(data)
        await self._edit(key, Edit(lambda _: wanted, "stored", ttl=checked_ttl(ttl), replaces=True))
        return True

    async def get(self, key: str) -> JsonObject | None:
        """What is kept under ``key``."""
        found = await (await self._store()).read(self._owner, checked_name(KEY, key))
        return None if found.document is None else decode(found.document)

    async def get_field(self, key: str, field: str) -> JsonValue:
        """One field of what is kept under ``key``; ``None`` if there is none."""
        checked_name(FIELD, field)
        return (await self.get(key) or {}).get(field)

    async def update_field(self, key: str, field: str, value: JsonValue) -> bool:
        """Keep ``value`` in one field and leave the others, and the time to live, as they are."""
        name = checked_name(FIELD, field)
        encode({name: value})
        wanted = copy.deepcopy(value)
        await self._edit(key, Edit(lambda before: {**(before or {}), name: wanted}, "stored", field=name))
        return True

    async def delete_field(self, key: str, field: str) -> int:
        """Take one field away; how many were there: 0 or 1."""
        name = checked_name(FIELD, field)

        def without(before: JsonObject | None) -> JsonObject | None:
            return before if before is None else {kept: value for kept, value in before.items() if kept != name}

        outcome = await self._edit(key, Edit(without, "deleted", field=name))
        return int(outcome.before is not None and name in outcome.before)

    async def delete(self, key: str) -> int:
        """Take away what is kept under ``key``; how much was there: 0 or 1."""
        outcome = await self._edit(key, Edit(lambda _: None, "deleted"))
        return int(outcome.before is not None)

    async def exists(self, key: str) -> bool:
        """Whether something is kept under ``key``, be it an empty object."""
        return await self.get(key) is not None

    async def list_states(self) -> list[str]:
        """The keys, sorted."""
        return sorted(await (await self._store()).keys(self._owner))

    async def clear_all_states(self) -> int:
        """Take everything away; how many keys there were."""
        store = await self._store()
        return len(await self._states.written(store.clear(self._owner), self._news(StateChanged(None, "cleared"))))

    # --- steps --------------------------------------------------------------------------------------------

    async def _store(self) -> StateStore:
        if self._is_over:
            raise StateError("The turn that this shared state was for is over.")
        return await self._states.store()

    async def _edit(self, key: str, edit: Edit) -> Outcome:
        store = await self._store()
        news = self._news(StateChanged(key, edit.told, edit.field))
        async with self._states.lock(self._owner, checked_name(KEY, key)):
            for _ in range(MAX_TRIES):
                found = await store.read(self._owner, key)
                outcome = _outcome(found, edit)
                if not outcome.is_changed:
                    return outcome
                document = None if outcome.after is None else encode(outcome.after)
                writing = store.swap(self._owner, key, found, document, self._end(found, document, edit))
                if await self._states.written(writing, news):
                    return outcome
        raise StateError(f"{key!r} is being changed by too many others. Try again.")

    def _end(self, found: Stored, document: str | None, edit: Edit) -> float | None:
        if document is None:
            return None  # What is made under the key later must not inherit the end of what was deleted.
        if not edit.replaces:
            return found.expires_at
        return None if edit.ttl is None else self._states.now() + edit.ttl

    def _news(self, news: StateChanged) -> StateChange:
        return StateChange(self._owner, self._origin, news)


class SharedStates:
    """The shared states of a server: one store for all, and what each person's own is made from."""

    def __init__(
        self, store: Callable[[], Awaitable[StateStore]], changes: Changes, *, now: Callable[[], float] = time.time
    ) -> None:
        """``store`` waits until there is one. ``now`` gives seconds since 1970 in UTC."""
        self.store = store
        self.changes = changes
        self.now = now
        self._locks: Locks = WeakValueDictionary()
        self._under_way = Unbroken()

    def of(self, owner: Identity, origin: ConnectionSignature | None) -> SharedState:
        """The state of one person, as a connection (or nobody in particular) changes it."""
        return SharedState(self, owner, origin)

    async def written(self, writing: Coroutine[Any, Any, Result], change: StateChange) -> Result:
        """The result of ``writing``, and if it wrote anything, ``change`` is told.

        Once begun, both are done to their end, also if the caller is cancelled: what is written is told.
        """
        return await self._under_way.finish(self._told(writing, change))

    async def _told(self, writing: Coroutine[Any, Any, Result], change: StateChange) -> Result:
        result = await writing
        if result:
            self.changes.publish(change)
        return result

    def lock(self, owner: Identity, key: str) -> asyncio.Lock:
        """The lock of one key; there is one for as long as somebody holds or awaits it."""
        return self._locks.setdefault((owner, key), asyncio.Lock())


def _outcome(found: Stored, edit: Edit) -> Outcome:
    before = None if found.document is None else decode(found.document)
    after = edit.change(before)
    is_forced = edit.replaces and (edit.ttl or found.expires_at) is not None
    return Outcome(before, after, is_changed=is_forced or not is_same(before, after))
