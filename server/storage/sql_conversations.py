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
from server.core.session_key import SessionKey
from server.storage.failures import as_storage_error
from server.storage.of_person import of_person
from server.storage.tables import CONVERSATION
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
        query = sa.select(CONVERSATION).where(
            *of_person(CONVERSATION, identity), CONVERSATION.c.session_id == session_id
        )
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

    async def forget(self, identity: Identity) -> int:
        """Delete what is kept of a person's conversations; the books stay. The number deleted.

        Raises:
            StorageError: if the database failed.
        """
        with as_storage_error():
            async with self._engine.begin() as connection:
                return (
                    await connection.execute(sa.delete(CONVERSATION).where(*of_person(CONVERSATION, identity)))
                ).rowcount


def kept_row(key: SessionKey, remembered: Remembered) -> dict[str, str | int | float]:
    """The row of ``conversation``."""
    return {
        **_named(key),
        "run_id": remembered.run_id,
        "client_identifier": remembered.client_identifier,
        "created_at": remembered.created_at.timestamp(),
        "last_activity": remembered.last_activity.timestamp(),
        "seq": remembered.seq,
        "memory": _json(_Memory(remembered.seen, remembered.answers, remembered.state, remembered.usage)),
        "todos": _json(remembered.todos),
    }


def booked_row(key: SessionKey, turn: TurnUsage) -> dict[str, str | int | float]:
    """The row of ``token_usage``."""
    return {
        **_named(key),
        "message_id": turn.message_id,
        "model": turn.model,
        "prompt": turn.tokens.prompt,
        "completion": turn.tokens.completion,
        "total": turn.tokens.total,
        "ended_at": turn.ended_at.timestamp(),
    }


def _named(key: SessionKey) -> dict[str, str]:
    return {"tenant": key.identity.tenant, "user_id": key.identity.user_id, "session_id": key.session_id}


def _json(value: object) -> str:
    # In ASCII: not every database takes every character of Unicode.
    return json.dumps(msgspec.to_builtins(value), allow_nan=False)
