"""The server's counters as rows for a person: a histogram is its count and its mean, units are written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

from client.core.prometheus_text import Family, Labels, Sample
from client.core.visible_text import visible

_OURS = "ringback"
_SCOPE = "otel_scope_"
_BOUNDS = {"le", "quantile"}
_SECONDS = ((7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (1.0, 1.0, "s"), (1e-3, 1e-3, "ms"), (0.0, 1e-6, "µs"))
"""From how many seconds on, which unit, and its name; the same for bytes."""
_BYTES = ((1e9, 1e9, "GB"), (1e6, 1e6, "MB"), (1e3, 1e3, "kB"), (0.0, 1.0, "bytes"))
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One line of the table; all three are safe to show. ``name`` is empty below another row of the same metric."""

    name: str
    labels: str
    value: str


def metric_rows(families: Iterable[Family]) -> tuple[MetricRow, ...]:
    """Ours first, then what else the server counts; times of creation are left out."""
    told = [family for family in families if not family.name.endswith("_created")]
    ours = [family for family in told if family.name.startswith(_OURS)]
    others = [family for family in told if not family.name.startswith(_OURS)]
    return tuple(row for family in (*ours, *others) for row in _rows(family))


def _rows(family: Family) -> Iterator[MetricRow]:
    name = visible(family.name, keep="")
    for labels, samples in _by_labels(family.samples).items():
        yield MetricRow(name, _written(labels), _value(family, samples))
        name = ""


def _by_labels(samples: Iterable[Sample]) -> dict[Labels, list[Sample]]:
    groups: dict[Labels, list[Sample]] = {}
    for sample in samples:
        labels = tuple(pair for pair in sample.labels if pair[0] not in _BOUNDS and not pair[0].startswith(_SCOPE))
        groups.setdefault(labels, []).append(sample)
    return groups


def _written(labels: Labels) -> str:
    return visible(", ".join(f"{name}={value}" for name, value in labels), keep="")


def _value(family: Family, samples: list[Sample]) -> str:
    parts = {sample.suffix: sample.value for sample in samples}
    if family.kind not in {"histogram", "summary"}:
        return _amount(family.name, samples[-1].value)
    count = parts.get("_count", 0.0)
    if not count or "_sum" not in parts:
        return _number(count)
    return f"{_number(count)} · mean {_amount(family.name, parts['_sum'] / count)}"


def _amount(name: str, value: float) -> str:
    stem = name.removesuffix("_total")
    if isfinite(value) and value > 0:
        for ending, steps in (("_seconds", _SECONDS), ("_bytes", _BYTES)):
            if stem.endswith(ending):
                size, unit = next((size, unit) for least, size, unit in steps if value >= least)
                return f"{_short(value / size)} {unit}"
    return _number(value)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= _HUNDRED else f"{value:.3g}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if isfinite(value) and value == int(value) else f"{value:.4g}"
