"""The condition that keeps every query to one person's rows."""

from __future__ import annotations

import sqlalchemy as sa

from server.core.identity import Identity


def of_person(table: sa.FromClause, identity: Identity) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """That a row of ``table`` is theirs."""
    return table.c.tenant == identity.tenant, table.c.user_id == identity.user_id
