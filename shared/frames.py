"""Everything the two sides can say to each other, one frozen dataclass per thing, and the unions.

The wire form is ACP's (see ``client/link/acp.py`` and ``server/gateway/acp.py``); these are what the rest of
the program sees. Words that ACP defines (statuses, kinds, stop reasons, options) are spelled as ACP spells them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from shared.ids import ClaimId, ConnectionSignature, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.todos import Todo
from shared.tool_spec import ToolKind
from shared.usage import TokenUsage

ToolStatus: TypeAlias = Literal["pending", "in_progress", "completed", "failed"]
StopReason: TypeAlias = Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"]


# --- who connects -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Device:
    """What a connection says it is. ``kind`` is a word such as ``pc`` or ``phone``; free text elsewhere."""

    id: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model answers: ``label`` is what the screen shows, ``scripted`` is true for the demo model."""

    name: str
    label: str
    scripted: bool


# --- what a tab is told, in order: the updates of a session -----------------------------------------------


@dataclass(frozen=True, slots=True)
class UserSaid:
    """The person's message is stored: the acknowledgement of a :class:`Prompt`."""

    message_id: MessageId
    text: str


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """A further piece of the agent's answer."""

    text: str


@dataclass(frozen=True, slots=True)
class AgentThought:
    """A further piece of the agent's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerRestarted:
    """The turn was stopped while the agent spoke, and went on. What was told of its answer is void from here on.

    ``said`` is how many characters of the turn's answer stand, ``thought`` how many of its thinking.
    """

    said: int
    thought: int


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The agent wants a tool. ``title`` is for people, ``arguments`` are the ones asked for."""

    call_id: ToolCallId
    name: str
    title: str
    kind: ToolKind
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class ToolChanged:
    """A call moved on. ``result`` is given once, with ``completed`` or ``failed``."""

    call_id: ToolCallId
    status: ToolStatus
    result: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A command the agent understands: typed as ``/name hint``."""

    name: str
    description: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class CommandsOffered:
    """The commands that the agent understands now; replaces any earlier list."""

    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class UsageChanged:
    """Tokens in the model's context (``used``) out of how many fit (``size``), and what was used so far.

    ``session`` counts this conversation, ``user`` all conversations of the person; ``None`` from a server that does
    not say.
    """

    used: int
    size: int
    session: TokenUsage | None = None
    user: TokenUsage | None = None


@dataclass(frozen=True, slots=True)
class TodosChanged:
    """What the agent means to do now; replaces any earlier list."""

    todos: tuple[Todo, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something failed, as it travels: a stable JSON-RPC code and a sentence."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn begun by ``message_id`` is over. ``problem`` says why when it failed."""

    message_id: MessageId
    stop_reason: StopReason
    problem: Problem | None = None


Update: TypeAlias = (
    UserSaid
    | AgentSaid
    | AgentThought
    | AnswerRestarted
    | ToolStarted
    | ToolChanged
    | CommandsOffered
    | UsageChanged
    | TodosChanged
    | TurnEnded
)


# --- what a tab is asked ----------------------------------------------------------------------------------


class Choice(StrEnum):
    """The answers to an approval, in the order they are offered. The values travel as option ids."""

    ALLOW_ONCE = "allow_once"
    ALLOW_EXACT = "allow_exact"
    ALLOW_TOOL = "allow_tool"
    REJECT_ONCE = "reject_once"
    REJECT_TOOL = "reject_tool"

    @property
    def allows(self) -> bool:
        """Whether the call may run."""
        return self in {Choice.ALLOW_ONCE, Choice.ALLOW_EXACT, Choice.ALLOW_TOOL}

    @property
    def is_lasting(self) -> bool:
        """Whether it holds for calls to come."""
        return self in {Choice.ALLOW_EXACT, Choice.ALLOW_TOOL, Choice.REJECT_TOOL}


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """One question about one tool call: whether it may run on this device with exactly these arguments.

    ``risk`` says in a sentence what the tool can do to the person; ``expires_in`` is in seconds. ``asked_by`` is the
    label of the device that the conversation is held by, if the person sent the question from there to this one.
    """

    session_id: SessionId
    call_id: ToolCallId
    name: str
    title: str
    kind: ToolKind
    arguments: JsonObject
    arguments_hash: str
    risk: str
    expires_in: float
    choices: tuple[Choice, ...] = field(default=tuple(Choice))
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalAnswered:
    """The person's choice; ``None`` when the question was closed without one.

    ``arguments`` are there when the person changed them; ``reason`` is for the model. With ``device``, a connection of
    the person's, it is that one which is to be asked instead.
    """

    call_id: ToolCallId
    choice: Choice | None
    arguments: JsonObject | None = None
    reason: str = ""
    device: ConnectionSignature | None = None


@dataclass(frozen=True, slots=True)
class ApprovalWithdrawn:
    """A question that no longer counts; ``reason`` is a sentence for the person."""

    session_id: SessionId
    call_id: ToolCallId
    reason: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """Run this tool of yours. The answer is the tool's dict, such as ``{"success": True, "track": 1}``.

    ``epoch`` is the lease's; a call of an older epoch than the session's is not to be run. ``claim`` names this one
    run: asked for it again, the tab gives what it gave. A model may well repeat its call ids.
    """

    session_id: SessionId
    call_id: ToolCallId
    name: str
    arguments: JsonObject
    claim: ClaimId
    epoch: int = 1
