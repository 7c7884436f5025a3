"""What a person may ask of a Ringback about what they let run unasked, and about what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from client.core.grants import HeldGrant, LoggedDecision
from client.link.asking import Asking
from shared.acp_names import METHOD_GRANTS_LIST, METHOD_GRANTS_LOG, METHOD_GRANTS_REVOKE


class _Device(msgspec.Struct, frozen=True):
    label: str


class _Grant(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    tool: str
    arguments: dict[str, Any]
    device: _Device
    folder: str
    created_at: datetime
    expires_at: datetime


class _Grants(msgspec.Struct, frozen=True):
    grants: tuple[_Grant, ...]
    left: int = 0


class _Revoked(msgspec.Struct, frozen=True):
    revoked: int


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    at: datetime
    session_id: str
    tool_call_id: str
    tool: str
    arguments_hash: str
    decision: str
    device: _Device
    connection: str


class _Log(msgspec.Struct, frozen=True):
    entries: tuple[_Entry, ...]


class GrantsOverWire:
    """The part of ``client.ports.PersonalData`` that is about grants."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def list_grants(self) -> tuple[HeldGrant, ...]:
        """What runs unasked, oldest first."""
        told: list[_Grant] = []
        while True:
            answer = await self._asking.ask(METHOD_GRANTS_LIST, {"skip": len(told)} if told else {}, _Grants)
            told += answer.grants
            if not answer.left or not answer.grants:
                break
        return tuple(
            HeldGrant(one.id, one.tool, one.arguments, one.device.label, one.folder, one.created_at, one.expires_at)
            for one in told
        )

    async def revoke_grant(self, grant_id: str) -> int:
        """Take one back; how many there were: 1."""
        return (await self._asking.ask(METHOD_GRANTS_REVOKE, {"id": grant_id}, _Revoked)).revoked

    async def revoke_all_grants(self) -> int:
        """Take all back; how many there were."""
        return (await self._asking.ask(METHOD_GRANTS_REVOKE, {"all": True}, _Revoked)).revoked

    async def grant_log(self, last: int) -> tuple[LoggedDecision, ...]:
        """The latest ``last`` entries of the audit log, oldest first."""
        told = (await self._asking.ask(METHOD_GRANTS_LOG, {"last": last}, _Log)).entries
        return tuple(
            LoggedDecision(
                one.at,
                one.session_id,
                one.tool_call_id,
                one.tool,
                one.arguments_hash,
                one.decision,
                one.device.label,
                one.connection,
            )
            for one in told
        )
