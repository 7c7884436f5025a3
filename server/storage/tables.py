"""The tables of our own. ADK's stand beside them in the same database, and only ADK writes those.

Times are seconds since 1970 in UTC. Texts that hold JSON are written by us alone and never searched.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()


def _person() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("tenant", sa.String(64), nullable=False), sa.Column("user_id", sa.String(64), nullable=False)


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
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    *_person(),
    sa.Column("session_id", sa.String(128), nullable=False),
    sa.Column("message_id", sa.String(128), nullable=False),
    sa.Column("model", sa.String(128), nullable=False),
    sa.Column("prompt", sa.BigInteger, nullable=False),
    sa.Column("completion", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.Double, nullable=False),
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
