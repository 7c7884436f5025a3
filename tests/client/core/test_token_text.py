"""Numbers of tokens, short and exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.token_text import context_text, short_tokens, usage_text
from shared.usage import TokenUsage


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 tokens"),
        (1, "1 token"),
        (999, "999 tokens"),
        (1000, "1k tokens"),
        (1234, "1.2k tokens"),
        (9949, "9.9k tokens"),
        (9950, "10k tokens"),
        (35_499, "35k tokens"),
        (999_499, "999k tokens"),
        (999_500, "1M tokens"),
        (1_550_000, "1.6M tokens"),
        (12_000_000, "12M tokens"),
        (4_000_000_000, "4G tokens"),
        (5_000_000_000_000, "5,000G tokens"),
    ],
)
def test_a_number_is_short(count: int, text: str) -> None:
    assert short_tokens(count) == text


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_more_tokens_never_read_as_fewer(one: int, other: int) -> None:
    def worth(count: int) -> float:
        number = short_tokens(count).split()[0].replace(",", "")
        return float(number.rstrip("kMG")) * {"k": 1e3, "M": 1e6, "G": 1e9}.get(number[-1], 1.0)

    low, high = sorted((one, other))
    assert worth(low) <= worth(high)
    assert abs(worth(low) - low) <= 0.06 * max(low, 1)


def test_the_details_say_it_exactly() -> None:
    assert usage_text(TokenUsage(1234, 567, 1801)) == "1,234 prompt · 567 completion · 1,801 total"


@pytest.mark.parametrize(
    ("used", "size", "text"),
    [
        (1801, 128_000, "1,801 of 128,000 (1 %)"),
        (64_000, 128_000, "64,000 of 128,000 (50 %)"),
        (100, 128_000, "100 of 128,000 (less than 1 %)"),
        (0, 128_000, "0 of 128,000 (0 %)"),
        (130_000, 128_000, "130,000 of 128,000 (102 %)"),
        (12, 0, "12"),
    ],
)
def test_the_context_says_how_full_it_is(used: int, size: int, text: str) -> None:
    assert context_text(used, size) == text
