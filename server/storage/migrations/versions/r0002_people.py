"""People: API keys, shared state, what is kept of conversations, token usage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "shared_state",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("key", sa.Text, nullable=False, comment="escaped: no NUL, no half of a surrogate pair"),
        sa.Column("document", sa.Text, comment="JSON; NULL once deleted, so that versions go on"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user_id", "key"),
    )
    op.create_index("shared_state_by_change", "shared_state", ["changed_at"])
    op.create_table(
        "conversation",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
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
    op.create_table(
        "token_usage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("message_id", sa.String(128), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("prompt", sa.BigInteger, nullable=False),
        sa.Column("completion", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=False),
    )
    op.create_index("token_usage_by_session", "token_usage", ["tenant", "user_id", "session_id"])
    op.create_index("token_usage_by_time", "token_usage", ["tenant", "user_id", "ended_at"])
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(128), nullable=False, comment="words with a space between"),
        sa.Column("label", sa.String(128), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
    )


def downgrade() -> None:
    """Take the four tables away."""
    for name in ("api_key", "token_usage", "conversation", "shared_state"):
        op.drop_table(name)
