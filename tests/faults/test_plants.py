"""Each of these tests fails on a server that has the bug which it is there for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults import (
    test_changed_arguments,
    test_clocks,
    test_coming_back,
    test_cuts,
    test_deadlines,
    test_full_disk,
    test_garbage,
    test_grants,
    test_kills,
    test_many_answers,
    test_many_open,
    test_open_approvals,
    test_slow_reader,
    test_stalls,
    test_stop,
    test_taken_amid,
    test_two_tabs,
    test_unseen_ends,
)
from tests.faults.nursery import Nursery
from tests.journeys import test_leaks
from tests.plants import granted


async def stops(_: Nursery, home: Path, **how: Any) -> None:
    """The trials of stopping, which find what is wrong by themselves."""
    await test_stop.check(home, **how)


async def leaks(_: Nursery, home: Path, **how: Any) -> None:
    """So do those of coming and going."""
    await test_leaks.check(home, warm_up=4, count=10, growth=test_leaks.SHORT_GROWTH, **how)


def _takes_much(tally: test_slow_reader.Tally) -> bool:
    return tally.memory > test_slow_reader.MEMORY or bool(tally.wrongs)


CAUGHT: dict[str, tuple[Callable[..., Awaitable[Any]], dict[str, Any], Callable[[Any], object]]] = {
    "acknowledge_before_commit": (test_kills.check, {"count": 20, "seed": 1}, lambda tally: tally.wrongs),
    "result_not_stored": (test_kills.check, {"count": 4, "seed": 1}, lambda tally: tally.wrongs),
    "run_for_each_answer": (test_many_answers.check, {"count": 48, "seed": 2}, lambda tally: tally.wrongs),
    "claim_each_time": (test_unseen_ends.check, {"count": 40, "seed": 3}, lambda tally: tally.wrongs),
    "resume_from_the_wrong_update": (test_cuts.check, {"count": 8, "seed": 9}, lambda tally: tally.wrongs),
    "asked_twice": (test_taken_amid.check, {"count": 60, "seed": 4}, lambda tally: tally.wrongs),
    "held_up_by_a_half_open_connection": (
        test_coming_back.check,
        {},
        lambda tally: tally.seconds > test_coming_back.SOON,
    ),
    "approvals_forgotten": (test_open_approvals.check, {"count": 15, "seed": 11}, lambda tally: tally.wrongs),
    "every_row_read": (
        test_many_open.check,
        {"count": 4, "seed": 15},
        lambda tally: test_many_open.p95(tally.answered) > test_many_open.BUSY * test_many_open.ANSWERED,
    ),
    "lost_when_away": (test_full_disk.full, {"seconds": 1.0}, lambda tally: tally.wrongs),
    "stall": (test_stalls.check, {"count": 2, "seed": 17}, lambda tally: tally.longest > 2.5 * test_stalls.LIMIT),
    "the_last_answer_counts": (test_changed_arguments.check, {"count": 60, "seed": 7}, lambda tally: tally.wrongs),
    "arguments_changed_after_the_question": (
        test_changed_arguments.check,
        {"count": 4, "seed": 7},
        lambda tally: tally.wrongs,
    ),
    "edits_not_noted": (test_changed_arguments.check, {"count": 4, "seed": 7}, lambda tally: tally.wrongs),
    "lease_not_looked_at": (test_two_tabs.check, {"count": 8, "seed": 10}, lambda tally: tally.wrongs),
    "out_of_order": (test_two_tabs.check, {"count": 40, "seed": 10}, lambda tally: tally.wrongs),
    "lost_in_the_queue": (test_two_tabs.check, {"count": 160, "seed": 10}, lambda tally: tally.wrongs),
    "approvals_never_expire": (test_deadlines.check, {"count": 14, "seed": 12}, lambda tally: tally.past),
    "calls_without_a_limit": (test_deadlines.check, {"count": 14, "seed": 12}, lambda tally: tally.past),
    "wherever_it_is": (test_taken_amid.check, {"count": 12, "seed": 4}, lambda tally: tally.wrongs),
    "late_answers_count": (stops, {"count": 15, "seed": 25}, bool),
    "turns_outlive_their_question": (stops, {"count": 15, "seed": 25}, bool),
    "a_task_for_each_connection": (leaks, {}, bool),
    "objects_kept_for_each_connection": (leaks, {}, bool),
    "bytes_kept_for_each_connection": (leaks, {}, bool),
    **{
        plant.__name__: (test_grants.check, {"count": 100, "seed": 26}, lambda tally: tally.wrongs)
        for plant in granted.PLANTS
    },
    "nothing_waits_for_a_slow_reader": (
        test_slow_reader.check,
        {"rounds": 4, "words": test_slow_reader.MANY_WORDS},
        _takes_much,
    ),
    "json_as_it_comes": (test_garbage.check, {"count": 4_000, "seed": 23}, lambda tally: tally.wrongs),
    "expiry_by_the_wall_clock": (test_clocks.check, {"count": 5, "seed": 18}, lambda tally: tally.wrongs),
}
"""For each plant the trials that find it, and what they then say. Waiting in vain is finding it, too."""


QUICK = {
    "acknowledge_before_commit",
    "result_not_stored",
    "run_for_each_answer",
    "resume_from_the_wrong_update",
    "lost_when_away",
    "arguments_changed_after_the_question",
    "edits_not_noted",
    "lease_not_looked_at",
    "wherever_it_is",
    "granted_by_the_tool_alone",
}
"""Those that take so little that they run each time."""
PLANTED = [pytest.param(plant, marks=[] if plant in QUICK else [pytest.mark.stress]) for plant in CAUGHT]


@pytest.mark.parametrize("plant", PLANTED)
async def test_a_planted_bug_is_caught(plant: str, nursery: Nursery, tmp_path: Path) -> None:
    check, how, says = CAUGHT[plant]
    try:
        tally = await check(nursery, tmp_path, plant=plant, **how)
    except (AssertionError, TimeoutError) as found:
        print(f"{plant}: {str(found)[:300]}")
        return
    assert says(tally)
    print(f"{plant}: {tally.wrongs[:3]}")
