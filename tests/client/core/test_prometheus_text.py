"""Prometheus' text format, as it is written and as it can be broken."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.prometheus_text import Family, Sample, read_families

TEXT = """\
# HELP turns_total Turns that ended.
# TYPE turns_total counter
turns_total{outcome="end_turn",model="demo"} 12.0
turns_total{outcome="cancelled",model="demo"} 1 1395066363000

# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 3.5
wait_seconds_count 2
# TYPE rpc summary
rpc{quantile="0.5"} 0.2
rpc_sum 17.5
rpc_count 26
# a comment
open_sessions 3
nothing_known NaN
endless +Inf
"""


def test_every_metric_is_read_with_its_kind_and_samples() -> None:
    families = read_families(TEXT)
    assert [(family.name, family.kind) for family in families] == [
        ("turns_total", "counter"),
        ("wait_seconds", "histogram"),
        ("rpc", "summary"),
        ("open_sessions", "untyped"),
        ("nothing_known", "untyped"),
        ("endless", "untyped"),
    ]
    assert families[0] == Family(
        "turns_total",
        "counter",
        "Turns that ended.",
        (
            Sample("", (("outcome", "end_turn"), ("model", "demo")), 12.0),
            Sample("", (("outcome", "cancelled"), ("model", "demo")), 1.0),
        ),
    )
    assert families[1].samples == (
        Sample("_bucket", (("le", "0.5"),), 1.0),
        Sample("_bucket", (("le", "+Inf"),), 2.0),
        Sample("_sum", (), 3.5),
        Sample("_count", (), 2.0),
    )
    assert families[2].samples[0] == Sample("", (("quantile", "0.5"),), 0.2)
    assert math.isnan(families[4].samples[0].value)
    assert families[5].samples[0].value == math.inf


@pytest.mark.parametrize(
    "line",
    ["", "  ", "no_value", "a{ 1", 'a{b="c} 1', "a b", "7seven 1", "# TYPE", "# HELP", "#", "{} 1", 'a{b="c"} x 1'],
)
def test_a_line_that_makes_no_sense_is_left_out(line: str) -> None:
    assert [family.name for family in read_families(f"{line}\ngood 1\n")] == ["good"]


def test_a_name_that_only_ends_like_a_histograms_is_a_metric_of_its_own() -> None:
    families = read_families("# TYPE head gauge\nhead 3\nhead_count 4\nlump_sum 5\n")
    assert [family.name for family in families] == ["head", "head_count", "lump_sum"]


def test_labels_may_hold_what_looks_like_the_format() -> None:
    (family,) = read_families('m{a="}, b=\\"c\\" # 1",b="x\\ny\\\\n"} 7 # {trace="t"} 1\n')
    assert family.samples == (Sample("", (("a", '}, b="c" # 1'), ("b", "x\ny\\n")), 7.0),)


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"))


@given(st.dictionaries(NAMES, TEXTS, max_size=3), st.floats(allow_nan=False))
def test_labels_and_values_come_back_as_they_were(labels: dict[str, str], value: float) -> None:
    written = ",".join(f'{name}="{escaped(text)}"' for name, text in labels.items())
    (family,) = read_families(f"metric{{{written}}} {value!r}\n")
    assert family.samples == (Sample("", tuple(labels.items()), value),)


@given(st.text())
def test_any_text_is_read_without_failing(text: str) -> None:
    read_families(text)
