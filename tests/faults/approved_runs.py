"""The oracle of what was approved: what ran is held against what was shown, answered, stored, and told to the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.any_arguments import LABEL, Arguments, canonical, hash_of
from tests.faults.durable_tab import DurableTab, Question
from tests.faults.oracles import Kept
from tests.journeys.raw_tab import Message

PAY = "pay"
"""The tool that runs in the server; it leaves its note in a file."""
NOTE = "note"


@dataclass
class Asked:
    """One call as the model asks for it.

    ``may_run`` is what the answer that counted allows: nothing, or these arguments (or one of these, where nobody can
    know which answer came in time).
    """

    tool: str
    arguments: Arguments
    may_run: list[Arguments] = field(default_factory=list)

    @property
    def label(self) -> str:
        return str(self.arguments[NOTE if self.tool == PAY else LABEL])


@dataclass
class Ran:
    """What a tab really ran."""

    call_id: str
    tool: str
    arguments: Arguments


def wrongs_of(
    tab: DurableTab, asked: dict[str, list[Asked]], kept: Kept, ran: list[Ran], paid: list[str]
) -> Iterator[str]:
    """What is wrong with the calls of a conversation; ``asked`` by message."""
    parts = [part for event in kept.events for part in (event.get("content") or {}).get("parts") or []]
    by_model = {part["function_call"]["id"]: part["function_call"] for part in parts if part.get("function_call")}
    to_model = {p["function_response"]["id"]: p["function_response"] for p in parts if p.get("function_response")}
    shown = {question.call_id: question for question in tab.questions}
    unknown = {one.call_id for one in ran} - {call["call_id"] for call in kept.calls}
    if unknown:
        yield f"{tab.name}: {unknown} ran, and nobody asked for it"
    for call in kept.calls:
        wanted = by_model[call["call_id"]]
        label = wanted["args"].get(NOTE if call["name"] == PAY else LABEL)
        (want,) = [one for one in asked[call["message_id"]] if one.label == label]
        mine: list[Arguments] = [one.arguments for one in ran if one.call_id == call["call_id"]]
        if want.tool == PAY:
            mine += [{NOTE: note} for note in paid if note.startswith(want.label)]
        response = to_model.get(call["call_id"], {}).get("response", {})
        for wrong in (
            *_run(want, mine),
            *_shown(want, shown.get(call["call_id"])),
            *_stored(want, mine, call, response),
        ):
            yield f"{tab.name}, {call['message_id']}, {call['call_id']}: {wrong}"


def _run(want: Asked, mine: list[Arguments]) -> Iterator[str]:
    may_run = [canonical(arguments) for arguments in want.may_run]
    for arguments in mine:
        if canonical(arguments) not in may_run:
            yield f"{canonical(arguments)} ran, and what was approved is {may_run}"
    if len(mine) != bool(may_run):
        yield f"it ran {len(mine)} times, with {may_run} approved"


def _shown(want: Asked, question: Question | None) -> Iterator[str]:
    if question is None:
        yield "it was never asked about"
        return
    told: Message = question.frame["params"]
    arguments = told["toolCall"].get("rawInput")
    if canonical(arguments) != canonical(want.arguments):
        yield f"{canonical(arguments)} was shown, and the model asked for {canonical(want.arguments)}"
    if told["_meta"]["ringback/approval"]["argumentsHash"] != hash_of(want.arguments):
        yield "the hash that was shown is another's"


def _stored(want: Asked, mine: list[Arguments], call: dict[str, Any], response: Message) -> Iterator[str]:
    last = mine[-1] if mine else call["arguments"]
    if canonical(call["arguments"]) != canonical(last):
        yield f"{canonical(last)} ran, and {canonical(call['arguments'])} is stored"
    if call["arguments_hash"] != hash_of(last):
        yield f"the stored hash is not that of {canonical(last)}"
    is_edited = bool(mine) and canonical(last) != canonical(want.arguments)
    if call["is_edited"] != is_edited:
        yield f"it is stored as {'edited' if call['is_edited'] else 'not edited'}"
    told = response.get("edited_by_user")
    if is_edited and canonical(told) != canonical(last):
        yield f"{canonical(last)} ran, and the model is told of {canonical(told)}"
    if not is_edited and told is not None:
        yield f"the model is told of an edit that nobody made: {canonical(told)}"
