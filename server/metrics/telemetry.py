"""The server's counters through OpenTelemetry, readable as Prometheus' text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry, generate_latest

from server.metrics.measures import Count, Gauge, Timing

NAME = "ringback"
SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600, 3600)
"""The upper bounds of the buckets that durations are counted in."""


class Telemetry:
    """Satisfies ``server.metrics.measures.Meter``.

    With a provider of its own, not the process's: what other libraries measure costs time, and nobody reads it here.
    """

    def __init__(self, *, gauges: Iterable[Gauge] = (), totals: Iterable[Gauge] = ()) -> None:
        """``gauges`` go up and down; ``totals`` only grow and are counted elsewhere."""
        self._registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self._registry.register(collector)
        reader = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False, registry=self._registry)
        self._provider = MeterProvider([reader], resource=Resource.get_empty())
        meter = self._provider.get_meter(NAME)
        self._counters = {what: meter.create_counter(_name(what.label), description=what.meaning) for what in Count}
        self._timings = {
            what: meter.create_histogram(
                _name(what.label), unit="s", description=what.meaning, explicit_bucket_boundaries_advisory=SECONDS
            )
            for what in Timing
        }
        for name, meaning, read in gauges:
            meter.create_observable_gauge(_name(name), [_observed(read)], description=meaning)
        for name, meaning, read in totals:
            meter.create_observable_counter(_name(name), [_observed(read)], description=meaning)

    def count(self, what: Count, amount: int, labels: Mapping[str, str]) -> None:
        """Count ``amount`` more."""
        self._counters[what].add(amount, dict(labels))

    def time(self, what: Timing, seconds: float, labels: Mapping[str, str]) -> None:
        """One more took so many seconds."""
        self._timings[what].record(seconds, dict(labels))

    def text(self) -> str:
        """Everything as it is now, in Prometheus' text format."""
        return generate_latest(self._registry).decode()

    def close(self) -> None:
        """Keep nothing more."""
        self._provider.shutdown()


def _name(label: str) -> str:
    return f"{NAME}.{label}"


def _observed(read: Callable[[], float]) -> Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]:
    def observe(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        yield metrics.Observation(read())

    return observe
