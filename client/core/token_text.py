"""How numbers of tokens are written: short for the status line, exact for the details."""

from __future__ import annotations

from shared.usage import TokenUsage

_UNITS = (("k", 1e3), ("M", 1e6), ("G", 1e9))
_THOUSAND = 1000
_TENTHS_UP_TO = 9.95
_NEXT_UNIT_FROM = 999.5


def short_tokens(count: int) -> str:
    """``999 tokens``, ``1.2k tokens``, ``35k tokens``, ``1.5M tokens``."""
    return f"{_short(count)} token{'' if count == 1 else 's'}"


def usage_text(usage: TokenUsage) -> str:
    """``1,234 prompt · 567 completion · 1,801 total``."""
    return f"{usage.prompt:,} prompt · {usage.completion:,} completion · {usage.total:,} total"


def context_text(used: int, size: int) -> str:
    """``1,801 of 128,000 (1 %)``: how much of what the model can take is filled."""
    if size <= 0:
        return f"{used:,}"
    share = 100 * used / size
    percent = "less than 1" if 0 < share < 1 else f"{share:.0f}"
    return f"{used:,} of {size:,} ({percent} %)"


def _short(count: int) -> str:
    if count < _THOUSAND:
        return str(count)
    for unit, size in _UNITS:
        value = count / size
        if value < _TENTHS_UP_TO:
            return f"{value:.1f}".removesuffix(".0") + unit
        if value < _NEXT_UNIT_FROM:
            return f"{value:.0f}{unit}"
    return f"{count / _UNITS[-1][1]:,.0f}{_UNITS[-1][0]}"
