"""First paint and first answer of the real program in a real terminal, beside an empty Textual app."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench.table import interleaved, show
from tests.bench.terminal import terminal
from tests.journeys.server_process import environment

RUNS = 7
OURS = [sys.executable, "-m", "client", "--model", "demo"]
FLOOR = [sys.executable, "-m", "tests.bench.empty_app"]
COMPOSER = "rite a message"
"""A word of the composer's placeholder: it is on the screen with the first paint."""


def floor_paint() -> float:
    with tempfile.TemporaryDirectory() as folder, terminal(FLOOR, environment(Path(folder))) as app:
        return app.wait_for("floorone")


def our_paint() -> float:
    with tempfile.TemporaryDirectory() as folder, terminal(OURS, environment(Path(folder))) as app:
        return app.wait_for(COMPOSER)


def cold_answer() -> float:
    """From nothing, no server either: start, type at once, read the answer."""
    with tempfile.TemporaryDirectory() as folder, terminal(OURS, environment(Path(folder))) as app:
        app.wait_for(COMPOSER)
        app.type("calculate 123*456\r")
        return app.wait_for("56088")


def ui_memory() -> dict[str, float]:
    """MiB of the UI with three tabs after an answer, and of the empty app."""
    with tempfile.TemporaryDirectory() as folder, terminal(OURS, environment(Path(folder))) as app:
        app.wait_for(COMPOSER)
        app.type("\x14\x14")
        app.type("calculate 123*456\r")
        app.wait_for("56088")
        app.settle(2)
        ours = app.rss_mib
    with tempfile.TemporaryDirectory() as folder, terminal(FLOOR, environment(Path(folder))) as app:
        app.wait_for("floorone")
        app.settle(1)
        return {"ours": ours, "floor": app.rss_mib}


def measure() -> None:
    measures = {"floor": floor_paint, "ours": our_paint, "answer": cold_answer}
    peers = {name: shutil.which(name) for name in ("toad", "elia", "oterm")}
    found = interleaved(measures, RUNS)
    memory = ui_memory()
    show(
        f"Start, median of {RUNS}",
        ["what", "figure", "ratio"],
        [
            ["empty Textual app with 3 tabs, first paint", f"{found['floor']:.2f} s", "1.00 x"],
            ["ours, first paint with composer", f"{found['ours']:.2f} s", f"{found['ours'] / found['floor']:.2f} x"],
            ["ours, cold start to first answer (server started too)", f"{found['answer']:.2f} s", ""],
            ["empty Textual app, RSS", f"{memory['floor']:.0f} MiB", "1.00 x"],
            [
                "ours with three tabs, RSS of the UI",
                f"{memory['ours']:.0f} MiB",
                f"{memory['ours'] / memory['floor']:.2f} x",
            ],
        ],
    )
    absent = [name for name, path in peers.items() if path is None]
    print(f"\nPeers not installed here, so not measured: {', '.join(absent) or 'none'}.")


def main() -> None:
    measure()
