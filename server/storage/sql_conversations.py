"""What is kept of conversations, in the database; implements ``server.ports.ConversationStore``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.identity import Identity
from server.core.policy import PolicyAnswers
from server.core.remembered import Remembered, TurnUsage
from server.storage.failures import as_storage_error
from server.storage.tables import CONVERSATION, TOKEN_USAGE
from server.storage.upsert import upsert
from shared.ids import ConnectionSignature, MessageId, SessionId
from shared.todos import Todo
from shared.usage import TokenUsage


class _Memory(msgspec.Struct, frozen=True):
    """The column ``memory``."""

    seen: tuple[MessageId, ...]
    answers: PolicyAnswers
    state: dict[str, Any]
    usage: TokenUsage


class SqlConversations:
    """One row for each conversation that was ever used."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self, identity: Identity, session_id: SessionId) -> Remembered | None:
        """What was saved of the conversation; ``None`` if nothing was, or the id is another person's.

        Raises:
            StorageError: if the database failed.
        """
        query = sa.select(CONVERSATION).where(*_of(identity), CONVERSATION.c.session_id == session_id)
        with as_storage_error():
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        memory = msgspec.convert(json.loads(row.memory), _Memory)
        return Remembered(
            run_id=row.run_id,
            client_identifier=ConnectionSignature(row.client_identifier),
            created_at=datetime.fromtimestamp(row.created_at, UTC),
            last_activity=datetime.fromtimestamp(row.last_activity, UTC),
            seq=row.seq,
            seen=memory.seen,
            answers=memory.answers,
            state=memory.state,
            usage=memory.usage,
            todos=msgspec.convert(json.loads(row.todos), tuple[Todo, ...]),
        )

    async def save(
        self, identity: Identity, session_id: SessionId, remembered: Remembered, turn: TurnUsage | None = None
    ) -> None:
        """Keep it in place of what was there, and enter ``turn`` into the books: both or neither.

        Raises:
            StorageError: if the database failed.
        """
        memory = _Memory(remembered.seen, remembered.answers, remembered.state, remembered.usage)
        key = {"tenant": identity.tenant, "user_id": identity.user_id, "session_id": session_id}
        values = {
            "run_id": remembered.run_id,
            "client_identifier": remembered.client_identifier,
            "created_at": remembered.created_at.timestamp(),
            "last_activity": remembered.last_activity.timestamp(),
            "seq": remembered.seq,
            "memory": _json(memory),
            "todos": _json(remembered.todos),
        }
        with as_storage_error():
            async with self._engine.begin() as connection:
                await connection.execute(upsert(self._engine, CONVERSATION, key, values))
                if turn is not None:
                    await connection.execute(sa.insert(TOKEN_USAGE).values(**key, **_booked(turn)))

    async def forget(self, identity: Identity) -> int:
        """Delete what is kept of a person's conversations; the books stay. The number deleted.

        Raises:
            StorageError: if the database failed.
        """
        with as_storage_error():
            async with self._engine.begin() as connection:
                return (await connection.execute(sa.delete(CONVERSATION).where(*_of(identity)))).rowcount


def _of(identity: Identity) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return CONVERSATION.c.tenant == identity.tenant, CONVERSATION.c.user_id == identity.user_id


def _booked(turn: TurnUsage) -> dict[str, str | int | float]:
    return {
        "message_id": turn.message_id,
        "model": turn.model,
        "prompt": turn.tokens.prompt,
        "completion": turn.tokens.completion,
        "total": turn.tokens.total,
        "ended_at": turn.ended_at.timestamp(),
    }


def _json(value: object) -> str:
    # In ASCII: not every database takes every character of Unicode.
    return json.dumps(msgspec.to_builtins(value), allow_nan=False)
