"""What must be true: it watches what is committed, shown, answered, told and run, and says what is wrong.

It knows nothing of how the server decides. What it knows comes from the rows that are committed, from what people saw
and said, and from what ran; who holds a conversation is asked of the server, and held against what tabs were told.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from server.core.canonical import arguments_hash
from server.core.policy import NEVER_ASKS
from server.core.state_values import unescape
from server.storage.tables import CALL, TURN, UPDATE_BATCH
from server.storage.update_json import decode_updates
from shared.frames import Choice, TurnEnded, Update, UserSaid
from shared.json_types import JsonObject


class CallKey(NamedTuple):
    """One call: models repeat their ids, so the id alone is none."""

    session: str
    message: str
    call: str
    occurrence: int


@dataclass(frozen=True)
class Row:
    """What is committed of a call."""

    state: str
    claim: str | None
    name: str
    hash: str
    device: str
    result: JsonObject | None
    user: str


OPEN = {"requested", "shown", "approved"}
AFTER = {
    "requested": {"shown", "approved", "claimed", "denied", "cancelled"},
    "shown": {"approved", "claimed", "denied", "expired", "cancelled"},
    "approved": {"claimed", "cancelled", "denied", "shown"},
    "claimed": {"done", "failed", "in_doubt"},
}
RELEASED = {"approved", "shown", "claimed"}
"""What a claimed call may become as well if it was sent nowhere: claimed anew, or asked about on another device."""
NEVER_RAN = {"denied", "expired", "cancelled"}
SETTLED = {"done", "failed", "in_doubt", *NEVER_RAN}


@dataclass
class Oracle:
    """``wrongs`` are sentences; empty if all is well."""

    database: sa.Engine
    wrongs: list[str] = field(default_factory=list)
    calls: dict[CallKey, Row] = field(default_factory=dict)
    turns: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)
    log: dict[str, dict[int, Update]] = field(default_factory=dict)
    approved: dict[CallKey, set[str]] = field(default_factory=dict)
    denied: dict[CallKey, Choice] = field(default_factory=dict)
    allowed_tools: set[tuple[str, str]] = field(default_factory=set)
    granted: set[tuple[str, str]] = field(default_factory=set)
    """Tools, and the hashes of the arguments: whose they are and on which device is looked at elsewhere."""
    rejected_tools: set[tuple[str, str]] = field(default_factory=set)
    runs: Counter[CallKey] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    """What was said in vain, and why: it explains what is wrong."""
    is_over: bool = False

    def wrong(self, sentence: str) -> None:
        if not self.is_over:
            self.wrongs.append(sentence)

    # --- what is committed --------------------------------------------------------------------------------

    def committed(self) -> None:
        """Something was: calls move on only as they may, updates are numbered without a gap and never change."""
        if self.is_over:
            return
        with self.database.connect() as connection:
            calls = {_key(row): _row(row) for row in connection.execute(sa.select(CALL)).mappings()}
            turns = connection.execute(sa.select(TURN)).mappings().all()
            batches = connection.execute(sa.select(UPDATE_BATCH).order_by(UPDATE_BATCH.c.first_seq)).mappings().all()
        for key, row in calls.items():
            self._moved(key, self.calls.get(key), row)
        self.calls = calls
        self.turns = {
            (unescape(row["session_id"]), unescape(row["message_id"])): (row["state"], row["stop_reason"])
            for row in turns
        }
        log: dict[str, dict[int, Update]] = {}
        for batch in batches:
            updates = log.setdefault(unescape(batch["session_id"]), {})
            for seq, update in enumerate(decode_updates(batch["body"]), batch["first_seq"]):
                if seq in updates:
                    self.wrong(f"row 8: update {seq} is in the log twice")
                updates[seq] = update
        for session, updates in log.items():
            if list(updates) != list(range(1, len(updates) + 1)):
                self.wrong(f"row 8: the log of {session} has gaps: {list(updates)}")
            for seq, update in self.log.get(session, {}).items():
                if updates.get(seq) != update:
                    self.wrong(f"row 8: update {seq} was {update} and became {updates.get(seq)}")
        self.log = log

    def _moved(self, key: CallKey, before: Row | None, row: Row) -> None:
        if before is None or before == row:
            return
        if before.state in SETTLED:
            self.wrong(f"row 11: {key} was {before.state} and became {row.state}")
            return
        is_released = before.state == "claimed" and not self.runs[key] and row.state in RELEASED
        if before.state != row.state and row.state not in AFTER[before.state] and not is_released:
            self.wrong(f"row 11: {key} went from {before.state} to {row.state}")
        if before.claim is not None and row.claim != before.claim and not is_released:
            self.wrong(f"row 2: {key} was claimed twice")
        if row.state == "shown" and before.state not in {"requested", "shown"}:
            # What was said on the device before does not count here.
            self.approved.pop(key, None)
        if before.hash != row.hash and before.state not in {"requested", "shown"}:
            self.wrong(f"row 7: the arguments of {key} changed after the approval")

    def shown(self, session: str, call_id: str) -> CallKey | None:
        """The call that is committed as shown, and goes by that name; there is one at most."""
        found = [
            k for k, row in self.calls.items() if (k.session, k.call) == (session, call_id) and row.state == "shown"
        ]
        if len(found) > 1:
            self.wrong(f"row 11: {found} are open at once")
        return found[-1] if found else None

    # --- what people say ----------------------------------------------------------------------------------

    def answered(
        self, key: CallKey, choice: Choice | None, arguments: JsonObject | None, offered: tuple[Choice, ...]
    ) -> None:
        """Somebody who is entitled to, answered the question that is open now."""
        row = self.calls[key]
        if key in self.denied or choice is None or choice not in offered:
            return
        told = row.hash if arguments is None else arguments_hash(arguments)
        match choice:
            case Choice.ALLOW_TOOL:
                self.allowed_tools.add((key.session, row.name))
            case Choice.ALLOW_EXACT:
                self.granted.add((row.name, told))
            case Choice.REJECT_TOOL:
                self.rejected_tools.add((key.session, row.name))
            case _:
                pass
        if choice.allows:
            self.approved.setdefault(key, set()).add(told)
        elif key not in self.approved:
            self.denied[key] = choice

    def forgotten(self) -> None:
        """The server crashed: what was answered and not committed yet is lost, and asked for again."""
        for key, row in self.calls.items():
            if row.state == "shown":
                self.denied.pop(key, None)
                self.approved.pop(key, None)

    # --- what runs ----------------------------------------------------------------------------------------

    def ran(self, key: CallKey, name: str, arguments: JsonObject) -> None:
        """A tool begins to run."""
        if self.is_over:
            return
        row, told = self.calls.get(key), arguments_hash(arguments)
        self.runs[key] += 1
        if self.runs[key] > 1:
            self.wrong(f"row 2: {key} ran {self.runs[key]} times")
        if row is None or row.state != "claimed":
            self.wrong(f"row 3: {key} runs and is committed as {None if row is None else row.state}")
            return
        if (row.name, row.hash) != (name, told):
            self.wrong(f"row 7: {key} runs {name} with {arguments}, and something else is committed")
        if key in self.denied:
            self.wrong(f"row 11: {key} was denied and runs")
        by_rule = name in NEVER_ASKS or (key.session, name) in self.allowed_tools or (name, told) in self.granted
        if told not in self.approved.get(key, set()) and not by_rule:
            self.wrong(f"row 2/7: {key} runs {name} with {arguments}, which nobody approved: {self.notes[-6:]}")

    def claimed_by(self, claim: str) -> CallKey | None:
        """The call of that claim."""
        return next((key for key, row in self.calls.items() if row.claim == claim), None)

    # --- at the end ---------------------------------------------------------------------------------------

    def ended(self) -> None:  # noqa: C901  (one look at each of what is left)
        """All was let run to its end: every message ended once, every call is settled as what became of it."""
        said: Counter[tuple[str, str]] = Counter()
        over: Counter[tuple[str, str]] = Counter()
        for session, updates in self.log.items():
            for update in updates.values():
                if isinstance(update, UserSaid):
                    said[session, update.message_id] += 1
                elif isinstance(update, TurnEnded):
                    over[session, update.message_id] += 1
        for turn, (state, _) in self.turns.items():
            if state != "ended" or over[turn] != 1 or said[turn] > 1:
                self.wrong(f"row 1: {turn} is {state}, was begun {said[turn]} times and ended {over[turn]} times")
        self.wrongs += [f"{turn} ended and was never taken" for turn in over if turn not in self.turns]
        for key, row in self.calls.items():
            ran = self.runs[key]
            if row.state not in SETTLED:
                self.wrong(f"row 11: {key} is left {row.state}")
            if (row.state == "done" and ran != 1) or (row.state in NEVER_RAN and ran):
                self.wrong(f"row 2: {key} is {row.state} and ran {ran} times")
            is_rejected = key in self.denied or (key.session, row.name) in self.rejected_tools
            if row.state == "denied" and not is_rejected and not _was_hindered(row):
                self.wrong(f"row 4: {key} is denied, and nobody entitled to said so")


def _was_hindered(row: Row) -> bool:
    return "does not offer" in json.dumps(row.result) or "not allowed here" in json.dumps(row.result)


def _key(row: sa.RowMapping) -> CallKey:
    session_id, message_id, call_id = (unescape(row[name]) for name in ("session_id", "message_id", "call_id"))
    return CallKey(session_id, message_id, call_id, row["occurrence"])


def _row(row: sa.RowMapping) -> Row:
    body = json.loads(row["body"])
    claim = None if row["claim"] is None else unescape(row["claim"])
    return Row(
        row["state"],
        claim,
        body["name"],
        body["arguments_hash"],
        body["device"],
        body["result"],
        unescape(row["user_id"]),
    )
