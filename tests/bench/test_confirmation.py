"""The benchmark of approvals counts rightly: what is planted is counted, what is as it should be is not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import our_trials, peer_crash, peer_trials
from tests.bench.answers import MOST, SPREAD, Schedule, Writers, schedules
from tests.bench.side_effect import leave, ran_again
from tests.journeys.raw_tab import Message, raw_tab
from tests.journeys.server_process import running_server

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:google", "ignore:.*EXPERIMENTAL.*:UserWarning")

ONE_ANSWER = [Schedule([0.0])] * 2
TWO_ANSWERS = [Schedule([0.0, 0.0])] * 2


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """ADK logs a traceback for every writer that loses."""
    logger = logging.getLogger("google_adk")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


@pytest.mark.parametrize("storage", peer_trials.SERVICES)
async def test_a_tool_of_adk_that_acts_twice_is_counted_and_one_answer_is_not(storage: str, tmp_path: Path) -> None:
    async def twice(approval: str) -> dict[str, str]:
        leave(tmp_path / "planted", approval)
        leave(tmp_path / "planted", approval)
        return {"paid": approval}

    assert await peer_trials.double_runs(storage, tmp_path / "once", ONE_ANSWER) == 0
    async with peer_trials.SERVICES[storage](tmp_path) as service:
        approvals = await peer_trials.answer_often(service, twice, ONE_ANSWER)
    assert ran_again(tmp_path / "planted", approvals) == 2


async def test_our_tool_that_acts_twice_is_counted_and_many_answers_are_not(tmp_path: Path) -> None:
    once, twice = our_trials.changing(tmp_path / "once"), our_trials.changing(tmp_path / "twice")

    def plant(params: Message) -> Message:
        return twice(params) and twice(params)

    async with running_server(tmp_path / "server") as server:
        async with raw_tab(server.url, server.token) as tab:
            tab.run_tool = once
            tracks = await our_trials.answer_often(tab, TWO_ANSWERS)
            assert ran_again(tmp_path / "once", tracks) == 0
        async with raw_tab(server.url, server.token) as tab:
            tab.run_tool = plant
            tracks = await our_trials.answer_often(tab, TWO_ANSWERS)
            assert ran_again(tmp_path / "twice", tracks) == 2
        met = await our_trials.meet(server, TWO_ANSWERS)
    assert (met.trials, met.raised, met.lost) == (2, 0, 0)


async def test_messages_that_come_one_after_the_other_are_all_kept_by_adk(tmp_path: Path) -> None:
    met = await peer_trials.meet("SQLite", tmp_path / "met", ONE_ANSWER)
    assert (met.trials, met.raised, met.lost) == (2, 0, 0)


def test_a_lost_message_and_a_failed_sender_are_counted() -> None:
    seen = Writers()
    seen.count(["one", "two"], ["one", "two"], [])
    seen.count(["one", "two"], ["two"], [ValueError("stale"), ValueError("stale")])
    assert (seen.trials, seen.raised, seen.lost, seen.errors) == (2, 1, 1, ["ValueError", "ValueError"])


@pytest.mark.parametrize("ends", [["two", "one"], ["one"], ["one", "one", "two"], []])
def test_messages_out_of_order_missing_or_answered_twice_are_counted(ends: list[str]) -> None:
    assert our_trials.check_order(["one", "two"], ["one", "two"]) == []
    assert our_trials.check_order(ends, ["one", "two"])


def test_a_trial_in_which_nothing_ran_shows_nothing(tmp_path: Path) -> None:
    leave(tmp_path / "runs", "one")
    with pytest.raises(AssertionError, match="not all ran"):
        ran_again(tmp_path / "runs", ["one", "two"])


def test_the_crash_is_a_kill_inside_the_tool_after_its_one_side_effect(tmp_path: Path) -> None:
    assert peer_crash.exit_code(peer_crash.approve_and_die, tmp_path, "one") == -9
    assert ran_again(tmp_path / "runs", ["one"]) == 0


def test_schedules_are_the_same_every_time_and_within_their_bounds() -> None:
    plan = schedules(40, is_spread=True)
    assert plan == schedules(40, is_spread=True)
    assert {len(schedule.delays) for schedule in plan} == set(range(2, MOST + 1))
    assert all(0 <= delay <= SPREAD for schedule in plan for delay in schedule.delays)
