"""The tables of our own. ADK's stand beside them in the same database, and only ADK writes those.

Times are seconds since 1970 in UTC. Texts that hold JSON are written by us alone, in ASCII, and never searched. Texts
that are searched and not ours (ids that a client or a model chose) are escaped: no NUL, no half of a surrogate pair.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()


def _person() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("tenant", sa.String(64), nullable=False), sa.Column("user_id", sa.String(64), nullable=False)


def _session() -> tuple[sa.Column[str], sa.Column[str], sa.Column[str]]:
    return *_person(), sa.Column("session_id", sa.Text, nullable=False, comment="escaped")


def _row_id() -> sa.Column[int]:
    return sa.Column("id", ROW_ID, primary_key=True, autoincrement=True)


ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

SHARED_STATE = sa.Table(
    "shared_state",
    METADATA,
    *_person(),
    sa.Column("key", sa.Text, nullable=False, comment="escaped: no NUL, no half of a surrogate pair"),
    sa.Column("document", sa.Text, comment="JSON; NULL once deleted, so that versions go on"),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.Double),
    sa.Column("changed_at", sa.Double, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "user_id", "key"),
    sa.Index("shared_state_by_change", "changed_at"),
)
"""What a person's tools remember, one row for each key."""

CONVERSATION = sa.Table(
    "conversation",
    METADATA,
    *_person(),
    sa.Column("session_id", sa.String(128), nullable=False),
    sa.Column("run_id", sa.String(36), nullable=False),
    sa.Column("client_identifier", sa.String(36), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("last_activity", sa.Double, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="of the last update"),
    sa.Column("memory", sa.Text, nullable=False, comment="JSON: what a sleeping conversation must know again"),
    sa.Column("todos", sa.Text, nullable=False, comment="JSON"),
    sa.PrimaryKeyConstraint("tenant", "user_id", "session_id"),
)
"""What we keep of a conversation beside ADK's events."""

TOKEN_USAGE = sa.Table(
    "token_usage",
    METADATA,
    _row_id(),
    *_person(),
    sa.Column("session_id", sa.String(128), nullable=False),
    sa.Column("message_id", sa.String(128), nullable=False),
    sa.Column("model", sa.String(128), nullable=False),
    sa.Column("prompt", sa.BigInteger, nullable=False),
    sa.Column("completion", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.Double, nullable=False),
    sa.Column("booking", sa.String(36), comment="names this one entry: written again, it counts once"),
    sa.Index("token_usage_by_booking", "booking", unique=True),
    sa.Index("token_usage_by_session", "tenant", "user_id", "session_id"),
    sa.Index("token_usage_by_time", "tenant", "user_id", "ended_at"),
)
"""The tokens of each turn."""

API_KEY = sa.Table(
    "api_key",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    *_person(),
    sa.Column("secret_hash", sa.String(64), nullable=False),
    sa.Column("scopes", sa.String(128), nullable=False, comment="words with a space between"),
    sa.Column("label", sa.String(128), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double),
    sa.Column("revoked_at", sa.Double),
)
"""Keys that open the door; of a key itself only the hash is kept."""

TURN = sa.Table(
    "turn",
    METADATA,
    _row_id(),
    *_session(),
    sa.Column("message_id", sa.Text, nullable=False, comment="escaped"),
    sa.Column("text", sa.Text, nullable=False, comment="JSON"),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="of the update that acknowledged it"),
    sa.Column("stop_reason", sa.String(32)),
    sa.Column("problem", sa.Text, comment="JSON: code and message"),
    sa.Column("taking", sa.String(36), comment="names who took it: taken again by the same, it is taken"),
    sa.UniqueConstraint("tenant", "user_id", "session_id", "message_id", name="turn_by_message"),
    sa.Index(
        "turn_unfinished",
        *("tenant", "user_id", "session_id", "id"),
        sqlite_where=sa.text("state <> 'ended'"),
        postgresql_where=sa.text("state <> 'ended'"),
    ),
)
"""The person's messages and their turns; ``id`` gives their order."""

UPDATE_BATCH = sa.Table(
    "update_batch",
    METADATA,
    *_session(),
    sa.Column("first_seq", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column(
        "body", sa.Text, nullable=False, comment="JSON: the updates from first_seq to last_seq, one after the other"
    ),
    sa.PrimaryKeyConstraint("tenant", "user_id", "session_id", "first_seq"),
)
"""What tabs were told, as many in a row as were committed together."""

CALL = sa.Table(
    "call",
    METADATA,
    _row_id(),
    *_session(),
    sa.Column("message_id", sa.Text, nullable=False, comment="escaped"),
    sa.Column("call_id", sa.Text, nullable=False, comment="escaped"),
    sa.Column("occurrence", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("claim", sa.Text, comment="escaped"),
    sa.Column("boot", sa.Text, comment="escaped; of the deadline, NULL without one"),
    sa.Column("since", sa.Double, comment="seconds of the boot's monotonic clock"),
    sa.Column("lasts", sa.Double),
    sa.Column("ends_at", sa.Double, comment="since + lasts"),
    sa.Column("body", sa.Text, nullable=False, comment="JSON: what is asked, how, for which device, and the result"),
    sa.UniqueConstraint("tenant", "user_id", "session_id", "message_id", "call_id", "occurrence", name="call_by_name"),
    sa.Index(
        "call_shown",
        *("boot", "ends_at"),
        sqlite_where=sa.text("state = 'shown'"),
        postgresql_where=sa.text("state = 'shown'"),
    ),
)
"""The tool calls of each turn; ``id`` gives their order."""

LEASE = sa.Table(
    "lease",
    METADATA,
    *_session(),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("holder", sa.Text, nullable=False, comment="escaped"),
    sa.Column("device", sa.Text, nullable=False, comment="JSON: id, label, kind"),
    sa.Column("secret_hash", sa.Text, nullable=False),
    sa.Column("tools", sa.Text, nullable=False, comment="JSON: the frontend tools that the holder offers"),
    sa.PrimaryKeyConstraint("tenant", "user_id", "session_id"),
)
"""Who holds each conversation."""

GRANT = sa.Table(
    "grant",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    *_person(),
    sa.Column("device", sa.Text, nullable=False, comment="escaped; the device's id"),
    sa.Column("tool", sa.Text, nullable=False, comment="escaped"),
    sa.Column("arguments_hash", sa.String(64), nullable=False),
    sa.Column("folder_hash", sa.String(64), nullable=False),
    sa.Column("label", sa.Text, nullable=False, comment="JSON; what the device is called"),
    sa.Column("folder", sa.Text, nullable=False, comment="JSON; the working folder there"),
    sa.Column("arguments", sa.Text, nullable=False, comment="JSON"),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.UniqueConstraint("tenant", "user_id", "device", "tool", "arguments_hash", "folder_hash", name="grant_by_call"),
)
"""Calls that a person lets run unasked."""

AUDIT = sa.Table(
    "audit",
    METADATA,
    _row_id(),
    *_session(),
    sa.Column("entry", sa.String(36), nullable=False, comment="names this one entry: written again, it counts once"),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False, comment="escaped"),
    sa.Column("tool", sa.Text, nullable=False, comment="escaped"),
    sa.Column("arguments_hash", sa.String(64), nullable=False),
    sa.Column("decision", sa.String(32), nullable=False),
    sa.Column("device", sa.Text, nullable=False, comment="escaped; the device's id"),
    sa.Column("label", sa.Text, nullable=False, comment="JSON; what the device is called"),
    sa.Column("signature", sa.Text, nullable=False, comment="escaped; the connection's"),
    sa.Index("audit_by_entry", "entry", unique=True),
    sa.Index("audit_by_person", "tenant", "user_id", "id"),
)
"""What was decided about each call, and where; ``id`` gives the order. It outlives a person's reset."""
