"""What must be true of a conversation whatever happened to it: read from the tab, the log, ADK's events and the calls.

Each oracle returns sentences about what is wrong, none if all is well.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.gateway.acp import update_message
from server.storage.update_json import decode_updates
from shared.catalog import FRONTEND_TOOLS
from shared.frames import AgentSaid, AnswerRestarted, ToolChanged, TurnEnded, Update, UserSaid
from shared.ids import SessionId
from tests.faults.durable_tab import DurableTab

NEVER_RAN = {"denied", "expired", "cancelled"}
SETTLED = {"done", "failed", "in_doubt", *NEVER_RAN}
IN_DOUBT = ("may have run", "may have done")
META_MESSAGE_ID = "ringback/messageId"


@dataclass
class Kept:
    """What the server keeps of one conversation."""

    updates: list[tuple[int, Update]] = field(default_factory=list)
    turns: dict[str, str] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)


def read(database: Path, session_id: str) -> Kept:
    """All of a conversation that is committed."""
    with closing(sqlite3.connect(database, timeout=5)) as connection:
        connection.row_factory = sqlite3.Row

        def rows(query: str) -> Iterator[sqlite3.Row]:
            return iter(connection.execute(query, (session_id,)).fetchall())

        kept = Kept()
        for row in rows("SELECT first_seq, body FROM update_batch WHERE session_id = ? ORDER BY first_seq"):
            kept.updates += enumerate(decode_updates(row["body"]), row["first_seq"])
        kept.turns = {row["message_id"]: row["state"] for row in rows("SELECT * FROM turn WHERE session_id = ?")}
        kept.calls = [
            {**json.loads(row["body"]), **{name: row[name] for name in ("call_id", "message_id", "state", "claim")}}
            for row in rows("SELECT * FROM call WHERE session_id = ? ORDER BY id")
        ]
        kept.events = [
            json.loads(row["event_data"])
            for row in rows("SELECT event_data FROM events WHERE session_id = ? ORDER BY timestamp, rowid")
        ]
    return kept


def wrongs_of(tab: DurableTab, database: Path, *, may_fail: str | None = None) -> list[str]:
    """All that is wrong once no turn goes on any more. ``may_fail`` is in the sentence of a failure that may be."""
    kept = read(database, tab.seen.session_id)
    return [
        f"{tab.name}: {wrong}"
        for wrongs in (
            tab.wrongs,
            _transcript(tab, kept),
            _messages(tab, kept, may_fail),
            _answers(kept),
            _runs(tab, kept),
            _calls(tab, kept),
        )
        for wrong in wrongs
    ]


def _transcript(tab: DurableTab, kept: Kept) -> Iterator[str]:
    """The tab saw the log: no less, no more, in this order."""
    numbers = [seq for seq, _ in kept.updates]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the log has gaps or duplicates: {numbers}"
    log = [update_message(SessionId(tab.seen.session_id), seq, update) for seq, update in kept.updates]
    seen = tab.seen.transcript
    if len(seen) != len(log):
        yield f"the tab saw {len(seen)} updates, the log has {len(log)}"
    for number, (entry, logged) in enumerate(zip(seen, log, strict=False), 1):
        if (entry["method"], entry["params"]) != (logged.method, json.loads(json.dumps(logged.params))):
            yield f"update {number} was told as {entry} and is logged as {logged}"
            return


def _messages(tab: DurableTab, kept: Kept, may_fail: str | None) -> Iterator[str]:
    """What was acknowledged is there exactly once, everywhere, and its turn ended."""
    in_adk = Counter(
        (event.get("custom_metadata") or {}).get(META_MESSAGE_ID)
        for event in kept.events
        if event["author"] == "user" and not _parts(event, "function_response")
    )
    in_log = Counter(str(update.message_id) for _, update in kept.updates if isinstance(update, UserSaid))
    ends = Counter(str(update.message_id) for _, update in kept.updates if isinstance(update, TurnEnded))
    for message_id in tab.acknowledged:
        failed = tab.ended.get(message_id, "end_turn") != "end_turn"
        if in_log[message_id] != 1 or kept.turns.get(message_id) is None:
            yield f"{message_id} was acknowledged; in the log {in_log[message_id]}, turn {kept.turns.get(message_id)}"
        if in_adk[message_id] != 1 and not (failed and in_adk[message_id] == 0):
            yield f"{message_id} was acknowledged and is in ADK's history {in_adk[message_id]} times"
        if ends[message_id] != 1 or kept.turns.get(message_id) != "ended":
            yield f"the turn of {message_id} ended {ends[message_id]} times and is {kept.turns.get(message_id)}"
    yield from (f"{name} was never acknowledged" for name in tab.said if name not in tab.acknowledged)
    for name, why in tab.ended.items():
        if why not in ENDINGS and not (may_fail and may_fail in why):
            yield f"{name} ended with {why}"


ENDINGS = ("end_turn", "cancelled")


def _answers(kept: Kept) -> Iterator[str]:
    """What stands of each answer is what ADK has of it."""
    said: dict[str, str] = {}
    message_id = ""
    over: set[str] = set()
    for _, update in kept.updates:
        match update:
            case UserSaid():
                message_id = update.message_id
            case AgentSaid(text):
                said[message_id] = said.get(message_id, "") + text
            case AnswerRestarted():
                said[message_id] = said.get(message_id, "")[: update.said]
            case TurnEnded() if update.stop_reason == "end_turn" and update.problem is None:
                over.add(update.message_id)
            case _:
                pass
    stored: dict[str, str] = {}
    for event in kept.events:
        if event["author"] != "user":
            name = (event.get("custom_metadata") or {}).get(META_MESSAGE_ID, "")
            texts = [part["text"] for part in _all_parts(event) if part.get("text") and not part.get("thought")]
            stored[name] = stored.get(name, "") + "".join(texts)
    for name in over:
        if said.get(name, "") != stored.get(name, ""):
            yield f"the answer to {name} was told as {said.get(name)!r} and is stored as {stored.get(name)!r}"


def _runs(tab: DurableTab, kept: Kept) -> Iterator[str]:
    """Nothing ran twice, and what was not allowed never ran."""
    by_call: Counter[str] = Counter()
    for (call_id, claim), times in tab.journal.runs.items():
        by_call[call_id] += times
        if times > 1:
            yield f"the claim {claim} of {call_id} ran {times} times"
    yield from (f"{call_id} ran {times} times" for call_id, times in by_call.items() if times > 1)
    for call in kept.calls:
        ran = by_call[call["call_id"]]
        if ran and call["state"] in NEVER_RAN:
            yield f"{call['call_id']} is {call['state']} and ran"
        if ran and call["call_id"] not in tab.approved:
            yield f"{call['call_id']} ran and nobody allowed it"
        if call["state"] == "done" and call["name"] in FRONTEND and ran != 1:
            yield f"{call['call_id']} is done and ran {ran} times"


FRONTEND = {spec.name for spec in FRONTEND_TOOLS}


def _calls(tab: DurableTab, kept: Kept) -> Iterator[str]:
    """Each call has one result, in the log and in ADK; one whose end nobody saw says that it may have run."""
    results = {u.call_id: u for _, u in kept.updates if isinstance(u, ToolChanged) and u.status != "in_progress"}
    times = Counter(u.call_id for _, u in kept.updates if isinstance(u, ToolChanged) and u.status != "in_progress")
    given = [part for event in kept.events for part in _parts(event, "function_response")]
    responses = Counter(part["id"] for part in given)
    to_model = {part["id"]: part["response"] for part in given}
    ran = {call_id for call_id, _ in tab.journal.runs}
    for call in kept.calls:
        name = call["call_id"]
        if call["state"] not in SETTLED:
            yield f"{name} is still {call['state']}"
        elif times[name] != 1 or responses[name] != 1:
            yield f"{name} ({call['state']}) has {times[name]} results in the log, {responses[name]} in ADK's history"
        elif json.loads(json.dumps(results[name].result)) != to_model[name]:
            yield f"{name}: the person is told {results[name].result}, and the model {to_model[name]}"
        elif (call["state"] == "in_doubt" or (call["state"] == "failed" and name in ran)) and not any(
            words in json.dumps(results[name].result) for words in IN_DOUBT
        ):
            yield f"{name} may have run, and nobody is told: {results[name].result}"


def asked_again(tabs: Iterable[DurableTab], pending: dict[str, set[str]], *, within: float) -> list[str]:
    """What was open when the server died came back once, in its own tab, within so many seconds of its return."""
    wrongs: list[str] = []
    for tab in tabs:
        shown = [q for q in tab.questions if q.visit == tab.visits]
        for name in pending[tab.name]:
            again = [q for q in shown if q.call_id == name]
            if len(again) != 1:
                wrongs.append(f"{tab.name}: {name} came back {len(again)} times")
            elif again[0].seconds > within:
                wrongs.append(f"{tab.name}: {name} came back after {again[0].seconds:.2f} s")
    return wrongs


def _all_parts(event: dict[str, Any]) -> list[dict[str, Any]]:
    return (event.get("content") or {}).get("parts") or []


def _parts(event: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [part[kind] for part in _all_parts(event) if part.get(kind)]
