"""Rows of figures as a Markdown table, with the machine they were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Callable, Sequence


def median_of(measure: Callable[[], float], runs: int) -> float:
    """The median of ``runs`` measurements."""
    return statistics.median(measure() for _ in range(runs))


def interleaved(measures: dict[str, Callable[[], float]], runs: int) -> dict[str, float]:
    """The median of each measure, taken in turns, since neighbours are noisy; the first turn warms up."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(runs + 1):
        for name, measure in measures.items():
            value = measure()
            if turn:
                taken[name].append(value)
    return {name: statistics.median(values) for name, values in taken.items()}


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print one table."""
    print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def machine() -> str:
    """One line: processor count, system, Python, and the versions that matter."""
    names = ("ringback", "google-adk", "textual", "websockets", "agent-client-protocol", "sqlalchemy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    system = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"
    return f"{system}, Python {platform.python_version()}; {versions}"
