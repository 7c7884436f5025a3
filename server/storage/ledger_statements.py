"""The statements that write the ledger, in the words of the database at hand."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.records import CallRecord
from server.core.session_key import SessionKey
from server.core.tool_call import CallState
from server.storage.record_rows import Row, call_row, state_word
from server.storage.tables import AUDIT, CALL, CONVERSATION, GRANT, LEASE, TOKEN_USAGE, TURN, UPDATE_BATCH
from server.storage.upsert import Insert, insert_into, upsert

SESSION = ("tenant", "user_id", "session_id")
TURN_KEY = (*SESSION, "message_id")
CALL_KEY = (*SESSION, "message_id", "call_id", "occurrence")
GRANT_KEY = ("tenant", "user_id", "device", "tool", "arguments_hash", "folder_hash")

CLAIMABLE = tuple(state_word(state) for state in (CallState.REQUESTED, CallState.SHOWN, CallState.APPROVED))


class LedgerStatements:
    """Each is made once, so that the database's driver knows it when it comes again.

    A connection may break when the database has committed and nobody was told: all is written again then. So each of
    them knows what is its own doing, by the name of a taking, a claim, a lease or a booking, and says so again.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.keep_turn = upsert(engine, TURN, TURN_KEY)
        self.take_turn = _take_turn(engine)
        self.keep_updates = upsert(engine, UPDATE_BATCH, (*SESSION, "first_seq"))
        self.keep_call = upsert(engine, CALL, CALL_KEY)
        self.claim_call = _claim_call()
        self.keep_lease = upsert(engine, LEASE, SESSION, only_if=_is_newer_or_the_same)
        self.keep_conversation = upsert(engine, CONVERSATION, SESSION)
        self.book = insert_into(engine, TOKEN_USAGE).on_conflict_do_nothing(index_elements=["booking"])
        self.keep_grant = upsert(engine, GRANT, GRANT_KEY)
        self.keep_entry = insert_into(engine, AUDIT).on_conflict_do_nothing(index_elements=["entry"])


def _take_turn(engine: AsyncEngine) -> Insert:
    statement = insert_into(engine, TURN)
    taking = statement.excluded.taking
    return statement.on_conflict_do_update(
        index_elements=list(TURN_KEY), set_={"taking": taking}, where=TURN.c.taking == taking
    )


def _is_newer_or_the_same(statement: Insert) -> sa.ColumnElement[bool]:
    told = statement.excluded
    is_the_same = sa.and_(*(LEASE.c[name] == told[name] for name in ("epoch", "holder", "secret_hash")))
    return (LEASE.c.epoch < told.epoch) | is_the_same


def _claim_call() -> sa.Update:
    # The lease's row is locked until the claim is committed: it cannot change hands in between.
    lease = (
        sa.select(LEASE.c.epoch)
        .where(*(LEASE.c[name] == sa.bindparam(f"at_{name}") for name in SESSION))
        .where(LEASE.c.epoch == sa.bindparam("at_epoch"))
        .with_for_update(read=True)
    )
    is_ours = (CALL.c.state == state_word(CallState.CLAIMED)) & (CALL.c.claim == sa.bindparam("at_claim"))
    return (
        sa.update(CALL)
        .where(*(CALL.c[name] == sa.bindparam(f"at_{name}") for name in CALL_KEY))
        .where((CALL.c.state.in_(CLAIMABLE) & lease.exists()) | is_ours)
    )


def claim_row(key: SessionKey, call: CallRecord) -> Row:
    """What ``claim_call`` is given: the columns to be set, and, as ``at_…``, those that must be so."""
    row = call_row(key, call)
    at = {f"at_{name}": row.pop(name) for name in CALL_KEY}
    return {**row, **at, "at_epoch": call.epoch, "at_claim": row["claim"]}
