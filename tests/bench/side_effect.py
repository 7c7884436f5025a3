"""What an approved tool leaves behind: a file to which each of its runs appends one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def leave(file: Path, approval: str) -> None:
    """Append a line for one run that ``approval`` let through. It outlives a ``kill -9`` that follows."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"{approval}\n")


def ran_again(file: Path, approvals: Iterable[str]) -> int:
    """How many of ``approvals`` let a tool run more than once.

    Raises:
        AssertionError: if the tool did not run for one of them. Such trials show nothing.
    """
    runs = Counter(file.read_text(encoding="utf-8").splitlines())
    assert set(runs) == set(approvals), f"not all ran, or others did: {set(runs) ^ set(approvals)}"
    return sum(count > 1 for count in runs.values())
