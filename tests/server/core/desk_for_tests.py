"""Desks in each state that a call can be in, and the events that can happen to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from server.core.desk import Desk
from server.core.desk_events import Abandoned, Answered, DeskEffect, DeskEvent, Dozed, Finished, Keep, Requested, Seated
from server.core.desk_events import Claim as ClaimCall
from server.core.records import CallRecord
from shared.catalog import change_bgm
from shared.frames import Choice
from shared.ids import MessageId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema

TURN = MessageId("turn")
CALL = ToolCallId("call-1")
OTHER = ToolCallId("call-2")
ARGUMENTS: JsonObject = {"track": 1}
DONE: JsonObject = {"success": True, "track": 1}
CALCULATE = ToolSpec("calculate", "Calculate", "Calculate", object_schema())
PC, PHONE, NOBODY = Seated("pc", 2), Seated("phone", 2), Seated("", 2)
GONE: DeskEvent = Abandoned("The tab is gone.")


def request(call_id: ToolCallId = CALL, *, is_offered: bool = True) -> Requested:
    """The model wants music in the tab."""
    return Requested(call_id, change_bgm.SPEC, ARGUMENTS, is_offered=is_offered, is_frontend=True)


def backend(call_id: ToolCallId = CALL) -> Requested:
    """The model wants a server's tool that asks."""
    return replace(request(call_id), is_frontend=False)


def kinds(effects: list[DeskEffect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


def last_stored(effects: list[DeskEffect]) -> CallRecord:
    """The call as it is stored after those effects."""
    return [effect.call for effect in effects if isinstance(effect, Keep | ClaimCall)][-1]


def at_the_desk(*events: DeskEvent, device: str = "pc") -> Desk:
    """A desk in a turn, after those events."""
    desk = Desk(message_id=TURN, device=device, epoch=1)
    for event in events:
        desk.on(event)
    return desk


def restored(*events: DeskEvent, device: str = "pc") -> Desk:
    """A desk that nobody sits at, with what was stored of another one after those events."""
    before = Desk(message_id=TURN, device=device, epoch=1)
    stored = last_stored([effect for event in events for effect in before.on(event)])
    desk = Desk(device="", epoch=1)
    desk.restore(TURN, [stored])
    return desk


ALLOW = Answered(CALL, Choice.ALLOW_ONCE)


def empty() -> Desk:
    return at_the_desk()


def shown() -> Desk:
    return at_the_desk(request())


def shown_dozed() -> Desk:
    return at_the_desk(request(), Dozed())


def approved_without_a_tab() -> Desk:
    return at_the_desk(request(), ALLOW, device="")


def approved_dozed() -> Desk:
    return at_the_desk(request(), Dozed(), ALLOW)


def claimed() -> Desk:
    return at_the_desk(request(), ALLOW)


def claimed_restored() -> Desk:
    return restored(request(), ALLOW)


def claimed_restored_awaited() -> Desk:
    desk = claimed_restored()
    desk.on(request())
    return desk


def settled() -> Desk:
    return at_the_desk(request(), ALLOW, Finished(CALL, DONE, failed=False))


STATES: tuple[Callable[[], Desk], ...] = (
    empty,
    shown,
    shown_dozed,
    approved_without_a_tab,
    approved_dozed,
    claimed,
    claimed_restored,
    claimed_restored_awaited,
    settled,
)
