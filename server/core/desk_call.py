"""One tool call on a desk."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from server.core.argument_check import misfit
from server.core.canonical import arguments_hash
from server.core.deadline import Deadline
from server.core.desk_events import Requested
from server.core.doom_loop import ordinal
from server.core.policy_rules import Rule, is_only_exactly
from server.core.records import CallRecord
from server.core.tool_call import CallEvent, CallState, after
from shared.frames import Choice
from shared.ids import ClaimId, MessageId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

WHETHER_TO_GO_ON = (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)
"""The choices when the agent goes in circles: an "always" would be no answer to that."""
EXACTLY = tuple(choice for choice in Choice if choice is not Choice.ALLOW_TOOL)
"""The choices for a tool of which other arguments can do something else entirely."""


@dataclass
class Call:
    """One call on the desk. ``hindrance`` says why it does not run whatever the person says; mostly empty.

    ``is_awaited``: the turn's gate waits for what becomes of it. ``is_under_way``: it was let run, in this process.
    ``device`` is the one that it was approved on and claimed for, empty if any will do; ``sent_to`` is the one that the
    person chose in place of the holder's, for as long as the way there is known.
    """

    spec: ToolSpec
    arguments: JsonObject
    arguments_hash: str
    occurrence: int = 1
    is_frontend: bool = False
    hindrance: str = ""
    risk: str = ""
    state: CallState = CallState.REQUESTED
    choices: tuple[Choice, ...] = tuple(Choice)
    deadline: Deadline | None = None
    claim: ClaimId | None = None
    epoch: int = 0
    device: str = ""
    sent_to: str = ""
    is_edited: bool = False
    is_awaited: bool = True
    is_under_way: bool = False
    result: JsonObject | None = None

    @property
    def asks_whether_to_go_on(self) -> bool:
        """Whether the person is asked about the agent going in circles."""
        return self.choices == WHETHER_TO_GO_ON

    @property
    def needs_somebody(self) -> bool:
        """Whether it can only go on when somebody answers or comes back.

        What was let run before a crash waits for its device; what is approved and not awaited waits for the turn to
        go on, but for a frontend tool, which needs a tab.
        """
        match self.state:
            case CallState.SHOWN:
                return True
            case CallState.APPROVED:
                return self.is_awaited or self.is_frontend
            case CallState.CLAIMED:
                return bool(self.device) and not self.is_under_way
            case _:
                return False

    @property
    def misfit(self) -> str:
        """Why it cannot run with the arguments that the person changed, a sentence; empty if it can."""
        wrong = misfit(self.arguments, self.spec.input_schema) if self.is_edited else ""
        return (
            f"The user changed the arguments so that {self.spec.name} cannot run with them: {wrong}." if wrong else ""
        )

    def offers(self, choice: Choice | None) -> bool:
        """Whether that is an answer to what the person was asked."""
        return choice in self.choices and not (choice is Choice.ALLOW_TOOL and is_only_exactly(self.spec))

    def is_asked_for_by(self, request: Requested) -> bool:
        """Whether ``request`` is for this very call, asked for again: models may repeat their ids."""
        is_same_tool = (request.occurrence, request.spec.name) == (self.occurrence, self.spec.name)
        return is_same_tool and (self.is_edited or arguments_hash(request.arguments) == self.arguments_hash)

    def ask(self, deadline: Deadline, times: int | None) -> None:
        """The person is asked until ``deadline``; with ``times``, whether the agent is to go on asking for it."""
        self.state = after(self.state, CallEvent.ASK)
        self.deadline = deadline
        self.risk = self.hindrance or self.spec.risk
        self.choices = EXACTLY if is_only_exactly(self.spec) else tuple(Choice)
        if times is not None:
            self.choices = WHETHER_TO_GO_ON
            question = f"The agent asks for this same call for the {ordinal(times)} time in this turn. Should it go on?"
            self.risk = f"{question} {self.risk}"

    def edit(self, arguments: JsonObject) -> None:
        """The person answered with ``arguments``; by their hash, for in Python ``1`` and ``True`` are equal."""
        edited_hash = arguments_hash(arguments)
        if edited_hash != self.arguments_hash:
            self.arguments, self.arguments_hash, self.is_edited = arguments, edited_hash, True

    def approve(self, device: str, *, sent_to: str) -> None:
        """The person on ``device`` said yes, or had it sent to another and said yes there."""
        self.state = after(self.state, CallEvent.APPROVE)
        self.device, self.sent_to = sent_to or device, sent_to

    def is_for_another_than(self, device: str) -> bool:
        """Whether who said yes to it did so on another device: a yes there is none here."""
        return self.is_frontend and self.device not in {"", device}

    def ask_again(self) -> None:
        """The person is asked anew, in the time that is left."""
        self.state = after(self.state, CallEvent.ASK)
        self.device = self.sent_to = ""

    def release(self) -> None:
        """It was claimed and is known not to have been sent. Who said yes still did so on that device."""
        self.state = after(self.state, CallEvent.RELEASE)
        self.claim, self.is_under_way = None, False
        if self.deadline is None:
            self.device = ""

    def claim_for(self, device: str, epoch: int) -> None:
        """It is to run, once: on that device if it is a frontend tool."""
        self.state = after(self.state, CallEvent.CLAIM)
        self.claim, self.epoch, self.is_under_way = ClaimId(str(uuid.uuid4())), epoch, True
        self.device = device if self.is_frontend else ""

    def record(self, message_id: MessageId, call_id: ToolCallId) -> CallRecord:
        """What is stored of it."""
        return CallRecord(
            message_id=message_id,
            call_id=call_id,
            name=self.spec.name,
            title=self.spec.title,
            kind=self.spec.kind,
            risk=self.risk,
            arguments=self.arguments,
            arguments_hash=self.arguments_hash,
            state=self.state,
            occurrence=self.occurrence,
            choices=self.choices,
            deadline=self.deadline,
            claim=self.claim,
            epoch=self.epoch,
            device=self.device,
            is_edited=self.is_edited,
            result=self.result,
        )


def hindrance(name: str, rule: Rule, *, is_offered: bool) -> str:
    """Why a call of the tool of that name cannot run, a sentence; empty if it can."""
    if not is_offered:
        return f"This device does not offer the tool {name}."
    return f"The tool {name} is not allowed here." if rule is Rule.DENY else ""


def call_of(record: CallRecord) -> Call:
    """The call that was stored; nobody waits for it yet."""
    spec = ToolSpec(
        name=record.name,
        title=record.title,
        description=record.title,
        # Not stored: what the person changes is held against it when the turn goes on.
        input_schema={"type": "object"},
        kind=record.kind,
        risk=record.risk,
    )
    return Call(
        spec,
        record.arguments,
        record.arguments_hash,
        occurrence=record.occurrence,
        risk=record.risk,
        state=record.state,
        choices=record.choices,
        deadline=record.deadline,
        claim=record.claim,
        epoch=record.epoch,
        device=record.device,
        is_edited=record.is_edited,
        is_awaited=False,
        result=record.result,
    )
