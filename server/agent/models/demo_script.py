"""What the scripted demo model does next: a pure function of the message and of what its tools gave so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from server.agent.models.demo_commands import parse_command
from server.agent.models.demo_reports import ToolResult, report
from server.agent.models.demo_sentences import understand
from server.agent.models.demo_steps import CallTools, Fail, Loop, Say, Step, Wait

MAX_LOOPS = 7
"""How often ``/loop`` asks for its call: the person is asked whether to go on at the third and at the sixth."""

NextStep: TypeAlias = Say | CallTools | Wait | Fail


@dataclass(frozen=True, slots=True)
class Turn:
    """The person's message, and the results of the tools asked for since, oldest first."""

    message: str
    results: Sequence[ToolResult] = ()


def next_step(turn: Turn) -> NextStep:
    """What the model does now; the same turn always gets the same step."""
    step: Step = parse_command(turn.message) or understand(turn.message) or Say(_echo(turn.message))
    match step:
        case Loop(call) if len(turn.results) < MAX_LOOPS:
            return CallTools((call,))
        case Loop() | CallTools() if turn.results:
            return Say("\n\n".join(report(result) for result in turn.results))
        case Loop(call):
            return CallTools((call,))
        case _:
            return step


def _echo(message: str) -> str:
    return f"I am the scripted demo model and cannot talk freely. You said: {message.strip()}"
