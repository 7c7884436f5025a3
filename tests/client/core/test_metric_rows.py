"""Counters as a person reads them."""

from __future__ import annotations

import pytest

from client.core.metric_rows import MetricRow, metric_rows
from client.core.prometheus_text import read_families


def rows(text: str) -> list[tuple[str, str, str]]:
    return [(row.name, row.labels, row.value) for row in metric_rows(read_families(text))]


def test_a_counter_has_a_row_per_label_and_its_name_once() -> None:
    text = '# TYPE t_total counter\nt_total{o="a",otel_scope_name="x"} 1204\nt_total{o="b"} 7\nt_total 1\n'
    assert rows(text) == [("t_total", "o=a", "1,204"), ("", "o=b", "7"), ("", "", "1")]


def test_a_histogram_is_its_count_and_its_mean_per_label() -> None:
    text = """# TYPE w_seconds histogram
w_seconds_bucket{model="a",le="1"} 1
w_seconds_bucket{model="a",le="+Inf"} 4
w_seconds_count{model="a"} 4
w_seconds_sum{model="a"} 2
w_seconds_count{model="b"} 0
w_seconds_sum{model="b"} 0
"""
    assert rows(text) == [("w_seconds", "model=a", "4 · mean 500 ms"), ("", "model=b", "0")]


def test_a_summary_is_one_row() -> None:
    assert rows('# TYPE s summary\ns{quantile="0.5"} 3\ns_sum 9\ns_count 2\n') == [("s", "", "2 · mean 4.5")]


def test_ours_stand_first_and_times_of_creation_not_at_all() -> None:
    text = "python_gc 1\nringback_b 2\nringback_b_created 1.7e9\nother 3\nringback_a 4\n"
    assert [row[0] for row in rows(text)] == ["ringback_b", "ringback_a", "python_gc", "other"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("x", "3", "3"),
        ("x", "3.25", "3.25"),
        ("x", "0.123456", "0.1235"),
        ("x", "1e15", "1,000,000,000,000,000"),
        ("x", "NaN", "nan"),
        ("x", "+Inf", "inf"),
        ("x_seconds", "0", "0"),
        ("x_seconds", "-3", "-3"),
        ("x_seconds", "0.0000421", "42.1 µs"),
        ("x_seconds", "0.34", "340 ms"),
        ("x_seconds", "0.9996", "1,000 ms"),
        ("x_seconds", "7.333", "7.33 s"),
        ("x_seconds", "119", "119 s"),
        ("x_seconds", "150", "2.5 min"),
        ("x_seconds", "7300", "2.03 h"),
        ("x_seconds_total", "150", "2.5 min"),
        ("x_bytes", "162000000", "162 MB"),
        ("x_bytes", "512", "512 bytes"),
        ("x_bytes", "2.5e9", "2.5 GB"),
    ],
)
def test_units_are_written_out(name: str, value: str, text: str) -> None:
    assert rows(f"{name} {value}\n") == [(name, "", text)]


def test_nothing_in_a_label_is_hidden() -> None:
    (row,) = metric_rows(read_families('m{tool="a\u202eb\\n\x1b[2J"} 1\n'))
    assert row == MetricRow("m", "tool=a⟨U+202E⟩b⟨LF⟩⟨ESC⟩[2J", "1")


def test_nothing_makes_no_rows() -> None:
    assert rows("") == []
