"""What a test's device keeps on its disk: which claims it began and what they gave, and a line for each real run."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

Result = dict[str, Any]
MAY_HAVE_RUN: Result = {
    "success": False,
    "error": "It was begun on this device and nobody saw it end. It may have run.",
}


class DeviceJournal:
    """Two files in ``folder``. Whoever opens them anew finds what was there."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._journal = folder / f"{name}.journal"
        self._runs = folder / f"{name}.runs"
        self._known: dict[str, Result | None] = {}
        if self._journal.exists():
            for line in self._journal.read_text(encoding="utf-8").splitlines():
                claim, result = json.loads(line)
                self._known[claim] = result

    def known(self, claim: str) -> Result | None:
        """What to answer for a claim that was begun before; ``None`` for a new one."""
        return (self._known[claim] or MAY_HAVE_RUN) if claim in self._known else None

    def begin(self, claim: str) -> None:
        """From now on the claim is known."""
        self._note(claim, None)

    def run(self, call_id: str, claim: str) -> None:
        """The side effect."""
        with self._runs.open("a", encoding="utf-8") as lines:
            lines.write(f"{call_id} {claim}\n")

    def finish(self, claim: str, result: Result) -> None:
        """The claim gave ``result``."""
        self._note(claim, result)

    @property
    def runs(self) -> Counter[tuple[str, str]]:
        """How often each call ran under each claim."""
        text = self._runs.read_text(encoding="utf-8") if self._runs.exists() else ""
        return Counter((line.split()[0], line.split()[1]) for line in text.splitlines())

    def _note(self, claim: str, result: Result | None) -> None:
        self._known[claim] = result
        with self._journal.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([claim, result]) + "\n")
