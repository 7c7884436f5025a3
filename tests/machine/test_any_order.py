"""No order of events breaks a promise: nothing runs unapproved or twice, is asked elsewhere, or is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.any_order import AnyOrder

UNBOTHERED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": False,
}


def test_no_order_of_events_breaks_a_promise() -> None:
    # The same orders each time; the long form draws new ones.
    few = settings(max_examples=40, stateful_step_count=30, derandomize=True, **UNBOTHERED)
    run_state_machine_as_test(AnyOrder, settings=few)


@pytest.mark.stress
@pytest.mark.timeout(3600)
def test_no_long_order_of_events_breaks_a_promise() -> None:
    run_state_machine_as_test(AnyOrder, settings=settings(max_examples=3000, stateful_step_count=60, **UNBOTHERED))
