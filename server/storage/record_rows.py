"""The records of a conversation as rows of the ledger's tables, and back."""

from __future__ import annotations

import functools
import json
from typing import Any

import msgspec
import sqlalchemy as sa

from server.core.deadline import Deadline, Moment
from server.core.identity import Identity
from server.core.lease import Lease
from server.core.records import CallRecord, TurnRecord, TurnState
from server.core.session_key import SessionKey
from server.core.state_values import escape, unescape
from server.core.tool_call import CallState
from shared.frames import Choice, Device, Problem, TurnEnded
from shared.ids import ClaimId, ConnectionSignature, MessageId, SessionId, TenantId, ToolCallId, UserId
from shared.tool_spec import ToolKind, ToolSpec


class _Tool(msgspec.Struct, frozen=True):
    """A ``ToolSpec``: its own hints lead to JSON's, which msgspec does not follow."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    kind: ToolKind
    risk: str
    only_exactly: bool = False


Row = dict[str, Any]
"""A row's values by their columns."""


_escaped = functools.lru_cache(maxsize=1024)(escape)
"""The same conversations are named again with each update."""


def session_row(key: SessionKey) -> Row:
    """The columns that every row of a conversation has."""
    identity = key.identity
    return {"tenant": identity.tenant, "user_id": identity.user_id, "session_id": _escaped(key.session_id)}


def session_of(tenant: str, user_id: str, session_id: str) -> SessionKey:
    """The conversation that a row belongs to."""
    return SessionKey(Identity(TenantId(tenant), UserId(user_id)), SessionId(unescape(session_id)))


def turn_row(key: SessionKey, turn: TurnRecord) -> Row:
    """A turn's row, without its ``id``."""
    problem = None if turn.ended is None else turn.ended.problem
    return {
        **session_row(key),
        "message_id": escape(turn.message_id),
        "text": json.dumps(turn.text),
        "state": turn.state.value,
        "seq": turn.seq,
        "stop_reason": None if turn.ended is None else turn.ended.stop_reason,
        "problem": None if problem is None else json.dumps([problem.code, problem.message]),
    }


def turn_of(row: sa.RowMapping) -> TurnRecord:
    """The turn of a row."""
    message_id = MessageId(unescape(row["message_id"]))
    ended = None
    if row["stop_reason"] is not None:
        problem = None if row["problem"] is None else Problem(*json.loads(row["problem"]))
        ended = TurnEnded(message_id, row["stop_reason"], problem)
    return TurnRecord(message_id, json.loads(row["text"]), TurnState(row["state"]), row["seq"], ended)


def call_row(key: SessionKey, call: CallRecord) -> Row:
    """A call's row, without its ``id``."""
    deadline = call.deadline
    body = {
        "name": call.name,
        "title": call.title,
        "kind": call.kind,
        "risk": call.risk,
        "arguments": call.arguments,
        "arguments_hash": call.arguments_hash,
        "choices": call.choices,
        "device": call.device,
        "is_edited": call.is_edited,
        "result": call.result,
    }
    return {
        **session_row(key),
        "message_id": escape(call.message_id),
        "call_id": escape(call.call_id),
        "occurrence": call.occurrence,
        "state": state_word(call.state),
        "epoch": call.epoch,
        "claim": None if call.claim is None else escape(call.claim),
        "boot": None if deadline is None else escape(deadline.since.boot),
        "since": None if deadline is None else deadline.since.at,
        "lasts": None if deadline is None else deadline.lasts,
        "ends_at": None if deadline is None else deadline.since.at + deadline.lasts,
        "body": json.dumps(body),
    }


def call_of(row: sa.RowMapping) -> CallRecord:
    """The call of a row."""
    body = json.loads(row["body"])
    body["choices"] = tuple(Choice(choice) for choice in body["choices"])
    deadline = None
    if row["boot"] is not None:
        deadline = Deadline(Moment(unescape(row["boot"]), row["since"]), row["lasts"])
    return CallRecord(
        message_id=MessageId(unescape(row["message_id"])),
        call_id=ToolCallId(unescape(row["call_id"])),
        occurrence=row["occurrence"],
        state=CallState[row["state"].upper()],
        epoch=row["epoch"],
        claim=None if row["claim"] is None else ClaimId(unescape(row["claim"])),
        deadline=deadline,
        **body,
    )


def state_word(state: CallState) -> str:
    """How a call's state is called in its row."""
    return state.name.lower()


def lease_row(key: SessionKey, lease: Lease) -> Row:
    """A lease's row."""
    device = lease.device
    return {
        **session_row(key),
        "epoch": lease.epoch,
        "holder": escape(lease.holder),
        "device": json.dumps([device.id, device.label, device.kind]),
        "secret_hash": lease.secret_hash,
        "tools": json.dumps(msgspec.to_builtins(lease.tools)),
    }


def lease_of(row: sa.RowMapping) -> Lease:
    """The lease of a row."""
    holder = ConnectionSignature(unescape(row["holder"]))
    tools = msgspec.convert(json.loads(row["tools"]), tuple[_Tool, ...])
    specs = tuple(ToolSpec(**msgspec.structs.asdict(tool)) for tool in tools)
    return Lease(row["epoch"], holder, Device(*json.loads(row["device"])), row["secret_hash"], specs)
