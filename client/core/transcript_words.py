"""The sentences a transcript says of turns that stopped, of decisions, and of calls that move on."""

from __future__ import annotations

from client.core.transcript_entries import CallState
from shared.frames import Choice, StopReason, ToolStatus

CALL_STATES: dict[ToolStatus, CallState] = {
    "pending": CallState.PENDING,
    "in_progress": CallState.RUNNING,
    "completed": CallState.DONE,
    "failed": CallState.FAILED,
}
STOPPED: dict[StopReason, str | None] = {
    "end_turn": None,
    "cancelled": "You cancelled this answer.",
    "max_tokens": "The answer ends here: the model reached its longest answer.",
    "max_turn_requests": "The answer ends here: the agent asked its model too many times in one turn.",
    "refusal": "The model refused to go on.",
}
DECIDED: dict[Choice, str] = {
    Choice.ALLOW_ONCE: "You allowed this once",
    Choice.ALLOW_EXACT: "You always allow exactly these arguments in this folder",
    Choice.ALLOW_TOOL: "You allow this tool in this session",
    Choice.REJECT_ONCE: "You rejected this",
    Choice.REJECT_TOOL: "You always reject this tool in this session",
}
NOT_KNOWN_TO_THE_AGENT = "The agent does not know what stands above."
HELD = "{label} holds this conversation now. What you write here is kept; take it over to go on."
