"""What a person may ask about what they granted: the list, to take some back, and the log of what was decided."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec

from server.core.decision import AuditEntry
from server.core.grant import Grant, GrantId
from server.core.identity import Identity
from server.gateway.rpc import Answer
from server.gateway.shapes import convert
from server.ports import GrantStore
from shared.acp_names import METHOD_GRANTS_LIST, METHOD_GRANTS_LOG, METHOD_GRANTS_REVOKE
from shared.errors import BadRequestError, UnknownGrantError
from shared.json_types import JsonObject, JsonValue

MOST_ENTRIES = 1_000
"""How many entries of the log are given at once."""
MOST_BYTES = 2**20
"""How much the arguments of the grants in one answer may take together, unless it is one grant."""
NEITHER = "Say which grant with its id, or all: true; not both."


class _List(msgspec.Struct, frozen=True):
    skip: int = 0


class _Revoke(msgspec.Struct, frozen=True):
    id: str | None = None
    all: bool = False


class _Log(msgspec.Struct, frozen=True):
    last: int = 50


class GrantRequests:
    """Answers for the person that ``who`` finds in the params of a request, and only about what is theirs."""

    def __init__(self, *, who: Callable[[JsonObject], Identity], store: Callable[[], Awaitable[GrantStore]]) -> None:
        self._who = who
        self._store = store

    @property
    def methods(self) -> Mapping[str, Answer]:
        """What is answered, by method."""
        return {
            f"_{METHOD_GRANTS_LIST}": self._list,
            f"_{METHOD_GRANTS_REVOKE}": self._revoke,
            f"_{METHOD_GRANTS_LOG}": self._log,
        }

    async def _list(self, params: JsonObject) -> JsonObject:
        identity, skip = self._who(params), convert(params, _List).skip
        if skip < 0:
            raise BadRequestError("skip is a number from 0 on.")
        grants = (await (await self._store()).of_person(identity, datetime.now(UTC)))[skip:]
        told: list[JsonValue] = []
        size = 0
        for grant in grants:
            size += len(json.dumps(grant.arguments))
            if told and size > MOST_BYTES:
                break
            told.append(_grant(grant))
        return {"grants": told, "left": len(grants) - len(told)}

    async def _revoke(self, params: JsonObject) -> JsonObject:
        identity, wanted = self._who(params), convert(params, _Revoke)
        if (wanted.id is None) is not wanted.all:
            raise BadRequestError(NEITHER)
        store = await self._store()
        if wanted.id is None:
            count = await store.revoke_all(identity)
        elif await store.revoke(identity, GrantId(wanted.id)):
            count = 1
        else:
            raise UnknownGrantError("You have no grant of that id. It may be over, or taken back already.")
        return {"revoked": count}

    async def _log(self, params: JsonObject) -> JsonObject:
        identity, wanted = self._who(params), convert(params, _Log)
        if not 0 < wanted.last <= MOST_ENTRIES:
            raise BadRequestError(f"last is a number from 1 to {MOST_ENTRIES}.")
        entries = await (await self._store()).log(identity, wanted.last)
        told: list[JsonValue] = [_entry(entry) for entry in entries]
        return {"entries": told}


def _grant(grant: Grant) -> JsonObject:
    return {
        "id": grant.id,
        "tool": grant.tool,
        "arguments": grant.arguments,
        "device": {"id": grant.device, "label": grant.label},
        "folder": grant.folder,
        "createdAt": _told(grant.created_at),
        "expiresAt": _told(grant.expires_at),
    }


def _entry(entry: AuditEntry) -> JsonObject:
    where = entry.decided.where
    return {
        "at": _told(entry.at),
        "sessionId": entry.key.session_id,
        "toolCallId": entry.call_id,
        "tool": entry.tool,
        "argumentsHash": entry.arguments_hash,
        "decision": entry.decided.decision.value,
        "device": {"id": where.device, "label": where.label},
        "connection": where.signature,
    }


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
