"""What happens to the card of a tool call: it is asked about, decided, run and done with."""

from __future__ import annotations

from dataclasses import replace

from client.core.entry_order import EntryOrder, card_key
from client.core.transcript_entries import CallState, Changes, ToolCard
from client.core.transcript_words import CALL_STATES
from shared.frames import ApprovalAsked, ToolChanged, ToolStarted
from shared.ids import ToolCallId


def card_started(order: EntryOrder, started: ToolStarted) -> Changes:
    """The agent wants a tool."""
    card = order.card(started.call_id)
    if card is not None:
        return order.change(replace(card, title=started.title, arguments=started.arguments))
    return order.add(_new_card(started, CallState.PENDING))


def card_asked(order: EntryOrder, approval: ApprovalAsked) -> Changes:
    """The call waits for the person; what was said about an earlier question of it no longer counts."""
    card = order.card(approval.call_id)
    if card is not None:
        asking = replace(card, state=CallState.ASKING, arguments=approval.arguments, decision=None)
        return order.change(asking)
    return order.add(_new_card(approval, CallState.ASKING))


def card_decided(order: EntryOrder, call_id: ToolCallId, state: CallState, decision: str) -> Changes:
    """The question was answered or taken back; no change if the call has no card."""
    card = order.card(call_id)
    if card is None:
        return []
    return order.change(replace(card, state=card.state if card.state.is_over else state, decision=decision))


def card_changed(order: EntryOrder, changed: ToolChanged) -> Changes:
    """The call moved on."""
    card = order.card(changed.call_id)
    if card is None:
        return []
    state = CALL_STATES[changed.status]
    if changed.result is not None and changed.result.get("success") is False:
        state = CallState.FAILED
    if card.state is CallState.REJECTED or (card.state is CallState.ASKING and state is CallState.PENDING):
        state = card.state
    return order.change(replace(card, state=state, result=changed.result or card.result))


def cards_broken_off(order: EntryOrder, why: str) -> Changes:
    """Nothing more will be told of the calls that are not over."""
    changes: Changes = []
    for card in order.open_cards():
        changes += order.change(replace(card, state=CallState.FAILED, decision=card.decision or why))
    return changes


def _new_card(call: ToolStarted | ApprovalAsked, state: CallState) -> ToolCard:
    return ToolCard(card_key(call.call_id), call.call_id, call.name, call.title, call.arguments, state)
