"""A ledger in memory, which commits a moment later; fails or waits on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from server.core.deadline import Moment
from server.core.decision import AuditEntry
from server.core.grant import Asked, Grant
from server.core.identity import Identity
from server.core.lease import Lease
from server.core.records import CallRecord, Recalled, TurnRecord, TurnState
from server.core.remembered import Remembered, TurnUsage
from server.core.session_key import SessionKey
from server.core.tool_call import CallState
from shared.errors import StorageError
from shared.frames import Update
from shared.ids import MessageId, SessionId, ToolCallId
from shared.usage import TokenUsage

Result = TypeVar("Result")
OPEN = {CallState.REQUESTED, CallState.SHOWN, CallState.APPROVED}


@dataclass
class LedgerForTests:
    """Implements ``server.ports.Ledger``. While ``is_stuck``, nothing is committed; ``is_broken`` fails it all.

    With ``forgets``, only what a conversation must know again cannot be kept.
    """

    kept: dict[tuple[Identity, SessionId], Remembered] = field(default_factory=dict)
    booked: list[tuple[Identity, SessionId, TurnUsage]] = field(default_factory=list)
    turns: dict[SessionKey, dict[MessageId, TurnRecord]] = field(default_factory=dict)
    told: dict[SessionKey, dict[int, Update]] = field(default_factory=dict)
    calls: dict[SessionKey, dict[tuple[MessageId, ToolCallId, int], CallRecord]] = field(default_factory=dict)
    leases: dict[SessionKey, Lease] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    grants: dict[tuple[Identity, str, str, str, str], Grant] = field(default_factory=dict)
    is_stuck: bool = False
    is_broken: bool = False
    forgets: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)
    pending: set[asyncio.Future[Any]] = field(default_factory=set)

    def put_turn(self, key: SessionKey, turn: TurnRecord) -> asyncio.Future[None]:
        return self._put(lambda: self.turns.setdefault(key, {}).__setitem__(turn.message_id, turn))

    def take_turn(self, key: SessionKey, turn: TurnRecord) -> asyncio.Future[bool]:
        def take() -> bool:
            return self.turns.setdefault(key, {}).setdefault(turn.message_id, turn) is turn

        return self._put(take)

    def put_update(self, key: SessionKey, seq: int, update: Update) -> asyncio.Future[None]:
        def put() -> None:
            assert seq not in self.told.setdefault(key, {}), "a number is used once"
            self.told[key][seq] = update

        return self._put(put)

    def put_call(self, key: SessionKey, call: CallRecord) -> asyncio.Future[None]:
        name = (call.message_id, call.call_id, call.occurrence)
        return self._put(lambda: self.calls.setdefault(key, {}).__setitem__(name, call))

    def claim_call(self, key: SessionKey, call: CallRecord) -> asyncio.Future[bool]:
        name = (call.message_id, call.call_id, call.occurrence)

        def claim() -> bool:
            found = self.calls[key][name]
            lease = self.leases.get(key)
            if found.state not in OPEN or lease is None or lease.epoch != call.epoch:
                return False
            self.calls[key][name] = call
            return True

        return self._put(claim)

    def put_lease(self, key: SessionKey, lease: Lease) -> asyncio.Future[bool]:
        def put() -> bool:
            if key in self.leases and self.leases[key].epoch >= lease.epoch:
                return False
            self.leases[key] = lease
            return True

        return self._put(put)

    def put_remembered(
        self, key: SessionKey, remembered: Remembered, turn: TurnUsage | None = None
    ) -> asyncio.Future[None]:
        def put() -> None:
            if self.forgets:
                raise StorageError("The database failed.")
            self.kept[key.identity, key.session_id] = remembered
            if turn is not None:
                self.booked.append((key.identity, key.session_id, turn))

        return self._put(put)

    def put_decision(self, entry: AuditEntry, grant: Grant | None = None) -> asyncio.Future[None]:
        def put() -> None:
            self.audit.append(entry)
            if grant is not None:
                self.grants[grant.identity, grant.device, grant.folder, grant.tool, grant.arguments_hash] = grant

        return self._put(put)

    async def granted(self, asked: Asked, now: datetime) -> Grant | None:
        self._check()
        grant = self.grants.get((asked.identity, asked.device, asked.folder, asked.tool, asked.arguments_hash))
        return grant if grant is not None and grant.covers(asked, now) else None

    async def recall(self, key: SessionKey) -> Recalled:
        self._check()
        await self._settled()
        unfinished = [turn for turn in self.turns.get(key, {}).values() if turn.state is not TurnState.ENDED]
        return Recalled(
            seq=max(self.told.get(key, {}), default=0),
            seen=tuple(self.turns.get(key, {})),
            unfinished=tuple(unfinished),
            calls=tuple(self.calls.get(key, {}).values()),
            lease=self.leases.get(key),
        )

    async def turn(self, key: SessionKey, message_id: MessageId) -> TurnRecord | None:
        self._check()
        await self._settled()
        return self.turns.get(key, {}).get(message_id)

    async def used(self, key: SessionKey, message_id: MessageId) -> TokenUsage:
        self._check()
        await self._settled()
        own = [t.tokens for *who, t in self.booked if [*who, t.message_id] == [*_named(key), message_id]]
        return sum(own, TokenUsage())

    async def updates(self, key: SessionKey, *, after: int, limit: int = 500) -> list[tuple[int, Update]]:
        self._check()
        return sorted(item for item in self.told.get(key, {}).items() if item[0] > after)[:limit]

    async def stopped(self) -> list[SessionKey]:
        return [
            key
            for key, turns in self.turns.items()
            if any(turn.state is TurnState.CANCELLING for turn in turns.values())
            or (
                any(turn.state is not TurnState.ENDED for turn in turns.values())
                and not any(call.state is CallState.SHOWN for call in self.calls.get(key, {}).values())
            )
        ]

    async def overdue(self, now: Moment) -> list[SessionKey]:
        return [
            key
            for key, calls in self.calls.items()
            for call in calls.values()
            if call.state is CallState.SHOWN and call.deadline is not None and call.deadline.remaining(now) <= 0
        ]

    async def forget(self, identity: Identity) -> None:
        self._check()
        for kept in (self.turns, self.told, self.calls, self.leases):
            for key in [key for key in kept if key.identity == identity]:
                del kept[key]
        self.grants = {name: grant for name, grant in self.grants.items() if grant.identity != identity}

    async def close(self, within: float) -> None:
        pass

    def unstick(self) -> None:
        self.is_stuck = False
        for commit in self.waiting:
            commit()
        self.waiting.clear()

    def settled(self, key: SessionKey, call_id: ToolCallId) -> CallRecord:
        return next(replace(call) for (_, name, _), call in self.calls[key].items() if name == call_id)

    def _put(self, write: Callable[[], Any]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self.pending.add(future)
        future.add_done_callback(self.pending.discard)

        def commit() -> None:
            if future.cancelled():
                return
            if self.is_broken:
                future.set_exception(StorageError("The database failed."))
                # A test need not look at each.
                future.exception()
                return
            try:
                future.set_result(write())
            except StorageError as error:
                future.set_exception(error)
                future.exception()

        if self.is_stuck:
            self.waiting.append(commit)
        else:
            loop.call_soon(commit)
        return future

    async def _settled(self) -> None:
        if self.pending:
            await asyncio.wait(set(self.pending))

    def _check(self) -> None:
        if self.is_broken:
            raise StorageError("The database failed.")


def _named(key: SessionKey) -> tuple[Identity, SessionId]:
    return key.identity, key.session_id
