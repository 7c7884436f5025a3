"""The name that the agent's storage knows a person by: one per tenant and user, never shared by two."""

from __future__ import annotations

import hashlib

from shared.ids import TenantId, UserId

MAX_ADK_ID = 128
"""Longest user id in characters that ADK's tables keep."""


def adk_user_id(tenant: TenantId, user_id: UserId) -> str:
    """``tenant:user`` with ``%`` and ``:`` escaped inside of both, at most :data:`MAX_ADK_ID` characters.

    Two different pairs never get the same name: the escaped form has exactly one colon. A name that would be too
    long is ``sha256::`` and the hash of the escaped form; two colons in a row keep it apart from all escaped ones.
    """
    name = f"{_escape(tenant)}:{_escape(user_id)}"
    if len(name) <= MAX_ADK_ID:
        return name
    return f"sha256::{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")
