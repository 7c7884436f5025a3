"""The counters as people and programs read them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from server.metrics.measures import Count, Measures, Timing
from server.metrics.telemetry import Telemetry


def values(telemetry: Telemetry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(telemetry.text())
        for sample in family.samples
    }


def test_what_was_counted_before_anybody_kept_it_is_not_lost() -> None:
    measures, telemetry = Measures(), Telemetry()
    measures.count(Count.TURNS, outcome="end_turn")
    measures.time(Timing.TURN, 0.3)
    measures.connect(telemetry)
    measures.count(Count.TURNS, 2, outcome="end_turn")
    measures.count(Count.TURNS, outcome="cancelled")
    measures.time(Timing.TURN, 30)
    read = values(telemetry)
    assert read["ringback_turns_total", (("outcome", "end_turn"),)] == 3
    assert read["ringback_turns_total", (("outcome", "cancelled"),)] == 1
    assert read["ringback_turn_duration_seconds_count", ()] == 2
    assert read["ringback_turn_duration_seconds_sum", ()] == 30.3
    assert read["ringback_turn_duration_seconds_bucket", (("le", "0.5"),)] == 1
    telemetry.close()


def test_gauges_and_totals_are_read_when_asked_for() -> None:
    now = {"live": 1.0, "opened": 5.0}
    telemetry = Telemetry(
        gauges=[("sessions.live", "In memory", lambda: now["live"])],
        totals=[("sessions.opened", "Begun", lambda: now["opened"])],
    )
    assert values(telemetry)["ringback_sessions_live", ()] == 1
    now |= {"live": 7.0, "opened": 9.0}
    read = values(telemetry)
    assert read["ringback_sessions_live", ()] == 7
    assert read["ringback_sessions_opened_total", ()] == 9
    assert read["process_open_fds", ()] > 0
    telemetry.close()


def test_two_servers_in_one_process_do_not_mix() -> None:
    one, other = Telemetry(), Telemetry()
    one.count(Count.TURNS, 1, {"outcome": "end_turn"})
    assert ("ringback_turns_total", (("outcome", "end_turn"),)) not in values(other)
    one.close()
    other.close()
