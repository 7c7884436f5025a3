"""The ledger: turns, what tabs were told, tool calls, who holds each conversation; and entries that count once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables, and give each entry in the books a name of its own."""
    op.create_table(
        "turn",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        *_session(),
        sa.Column("message_id", sa.Text, nullable=False, comment="escaped"),
        sa.Column("text", sa.Text, nullable=False, comment="JSON"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, comment="of the update that acknowledged it"),
        sa.Column("stop_reason", sa.String(32)),
        sa.Column("problem", sa.Text, comment="JSON: code and message"),
        sa.Column("taking", sa.String(36), comment="names who took it: taken again by the same, it is taken"),
        sa.UniqueConstraint("tenant", "user_id", "session_id", "message_id", name="turn_by_message"),
    )
    _index_some("turn_unfinished", "turn", ["tenant", "user_id", "session_id", "id"], "state <> 'ended'")
    op.create_table(
        "update_batch",
        *_session(),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column(
            "body", sa.Text, nullable=False, comment="JSON: the updates from first_seq to last_seq, one after the other"
        ),
        sa.PrimaryKeyConstraint("tenant", "user_id", "session_id", "first_seq"),
    )
    op.create_table(
        "call",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
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
        sa.Column(
            "body", sa.Text, nullable=False, comment="JSON: what is asked, how, for which device, and the result"
        ),
        sa.UniqueConstraint(
            "tenant", "user_id", "session_id", "message_id", "call_id", "occurrence", name="call_by_name"
        ),
    )
    _index_some("call_shown", "call", ["boot", "ends_at"], "state = 'shown'")
    op.create_table(
        "lease",
        *_session(),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text, nullable=False, comment="escaped"),
        sa.Column("device", sa.Text, nullable=False, comment="JSON: id, label, kind"),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("tools", sa.Text, nullable=False, comment="JSON: the frontend tools that the holder offers"),
        sa.PrimaryKeyConstraint("tenant", "user_id", "session_id"),
    )
    booking = sa.Column("booking", sa.String(36), comment="names this one entry: written again, it counts once")
    op.add_column("token_usage", booking)
    op.create_index("token_usage_by_booking", "token_usage", ["booking"], unique=True)


def downgrade() -> None:
    """Take the four tables and the names of the entries away."""
    op.drop_index("token_usage_by_booking", "token_usage")
    op.drop_column("token_usage", "booking")
    for name in ("lease", "call", "update_batch", "turn"):
        op.drop_table(name)


def _session() -> tuple[sa.Column[str], sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.Text, nullable=False, comment="escaped"),
    )


def _index_some(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
