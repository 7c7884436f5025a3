"""Grants and the entries of the audit log as rows of their tables, and back."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa

from server.core.decision import AuditEntry, Decided, Decision, Whereabouts
from server.core.grant import Grant, GrantId
from server.core.state_values import escape, unescape
from server.storage.record_rows import Row, session_of, session_row
from shared.ids import ToolCallId


def folder_hash(folder: str) -> str:
    """What stands for a folder in the index: a path may be longer than that takes."""
    return hashlib.sha256(escape(folder).encode()).hexdigest()


def grant_row(grant: Grant) -> Row:
    """A grant's row."""
    return {
        "id": grant.id,
        "tenant": grant.identity.tenant,
        "user_id": grant.identity.user_id,
        "device": escape(grant.device),
        "tool": escape(grant.tool),
        "arguments_hash": grant.arguments_hash,
        "folder_hash": folder_hash(grant.folder),
        "label": json.dumps(grant.label),
        "folder": json.dumps(grant.folder),
        "arguments": json.dumps(grant.arguments),
        "created_at": grant.created_at.timestamp(),
        "expires_at": grant.expires_at.timestamp(),
    }


def grant_of(row: sa.RowMapping) -> Grant:
    """The grant of a row."""
    return Grant(
        id=GrantId(row["id"]),
        identity=session_of(row["tenant"], row["user_id"], "").identity,
        device=unescape(row["device"]),
        label=json.loads(row["label"]),
        folder=json.loads(row["folder"]),
        tool=unescape(row["tool"]),
        arguments=json.loads(row["arguments"]),
        arguments_hash=row["arguments_hash"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        expires_at=datetime.fromtimestamp(row["expires_at"], UTC),
    )


def audit_row(entry: AuditEntry) -> Row:
    """An entry's row, without its ``id``."""
    where = entry.decided.where
    return {
        **session_row(entry.key),
        "entry": entry.id,
        "at": entry.at.timestamp(),
        "call_id": escape(entry.call_id),
        "tool": escape(entry.tool),
        "arguments_hash": entry.arguments_hash,
        "decision": entry.decided.decision.value,
        "device": escape(where.device),
        "label": json.dumps(where.label),
        "signature": escape(where.signature),
    }


def audit_of(row: sa.RowMapping) -> AuditEntry:
    """The entry of a row."""
    where = Whereabouts(unescape(row["device"]), json.loads(row["label"]), unescape(row["signature"]))
    return AuditEntry(
        id=row["entry"],
        at=datetime.fromtimestamp(row["at"], UTC),
        key=session_of(row["tenant"], row["user_id"], row["session_id"]),
        call_id=ToolCallId(unescape(row["call_id"])),
        tool=unescape(row["tool"]),
        arguments_hash=row["arguments_hash"],
        decided=Decided(Decision(row["decision"]), where),
    )
