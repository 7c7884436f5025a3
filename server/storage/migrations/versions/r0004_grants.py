"""Grants, by which a call runs unasked, and the audit log of what was decided about each call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "grant",
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
        sa.UniqueConstraint(
            "tenant", "user_id", "device", "tool", "arguments_hash", "folder_hash", name="grant_by_call"
        ),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        *_person(),
        sa.Column("session_id", sa.Text, nullable=False, comment="escaped"),
        sa.Column(
            "entry", sa.String(36), nullable=False, comment="names this one entry: written again, it counts once"
        ),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False, comment="escaped"),
        sa.Column("tool", sa.Text, nullable=False, comment="escaped"),
        sa.Column("arguments_hash", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(32), nullable=False),
        sa.Column("device", sa.Text, nullable=False, comment="escaped; the device's id"),
        sa.Column("label", sa.Text, nullable=False, comment="JSON; what the device is called"),
        sa.Column("signature", sa.Text, nullable=False, comment="escaped; the connection's"),
    )
    op.create_index("audit_by_entry", "audit", ["entry"], unique=True)
    op.create_index("audit_by_person", "audit", ["tenant", "user_id", "id"])


def downgrade() -> None:
    """Take the two tables away."""
    op.drop_table("audit")
    op.drop_table("grant")


def _person() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("tenant", sa.String(64), nullable=False), sa.Column("user_id", sa.String(64), nullable=False)
