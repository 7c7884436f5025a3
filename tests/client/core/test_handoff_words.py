"""A code is easily read, and how long it counts is never overstated."""

from __future__ import annotations

import pytest

from client.core.handoff_words import how_long, in_groups


@pytest.mark.parametrize(("code", "read"), [("ABCDEFGHJKMN", "ABCD-EFGH-JKMN"), ("ABCDE", "ABCD-E"), ("", "")])
def test_a_code_stands_in_groups_of_four(code: str, read: str) -> None:
    assert in_groups(code) == read


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(300.0, "5 minutes"), (299.9, "4 minutes"), (60.0, "1 minute"), (59.0, "59 seconds"), (1.5, "1 second")],
)
def test_how_long_it_counts(seconds: float, words: str) -> None:
    assert how_long(seconds) == words
