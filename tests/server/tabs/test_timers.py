"""Timers by name: one that is begun again or ended does not call."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from server.tabs.timers import Timers

WITHIN = 5.0


async def until_due(timers: Timers, seconds: float = 0.0) -> None:
    """Wait for a timer of its own: what is due before it has called by then."""
    due = asyncio.Event()
    timers.begin("of the test", seconds, due.set)
    await asyncio.wait_for(due.wait(), WITHIN)


async def test_each_calls_once_in_the_order_of_their_times() -> None:
    timers, called = Timers(), list[str]()
    timers.begin("later", 0.02, lambda: called.append("later"))
    timers.begin("soon", 0.01, lambda: called.append("soon"))
    await until_due(timers, 0.03)
    await until_due(timers)
    assert called == ["soon", "later"]
    assert timers._handles == {}, "what has called is forgotten"


@pytest.mark.parametrize("seconds", [0.0, -5.0])
async def test_what_is_over_calls_at_once_but_not_before_begin_returns(seconds: float) -> None:
    timers, called = Timers(), list[str]()
    timers.begin("over", seconds, lambda: called.append("over"))
    assert called == []
    await until_due(timers)
    assert called == ["over"]


async def test_begun_again_only_the_latest_calls() -> None:
    timers, called = Timers(), list[str]()
    timers.begin("one", 0.0, lambda: called.append("first"))
    timers.begin("one", 0.0, lambda: called.append("second"))
    await until_due(timers)
    assert called == ["second"]


async def test_what_is_ended_does_not_call_and_the_others_do() -> None:
    timers, called = Timers(), list[str]()
    for name in ("one", "two"):
        timers.begin(name, 0.0, partial(called.append, name))
    timers.end("one")
    timers.end("one")
    timers.end("never begun")
    await until_due(timers)
    assert called == ["two"]


async def test_when_all_are_ended_none_calls() -> None:
    timers, called = Timers(), list[str]()
    for name in ("one", "two"):
        timers.begin(name, 0.0, lambda: called.append("called"))
    bugs = list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: bugs.append(context))
    timers.end_all()
    await until_due(timers)
    assert (called, bugs) == ([], [])


async def test_one_that_called_may_be_begun_anew_from_within_its_call_and_ended() -> None:
    timers, done = Timers(), asyncio.Event()
    timers.begin("one", 0.0, lambda: timers.begin("one", 0.0, done.set))
    await asyncio.wait_for(done.wait(), WITHIN)
    timers.end("one")
