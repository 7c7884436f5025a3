"""Approvals and messages that meet: Ringback beside ADK's own tool confirmation, in the same trials.

ADK is used as its documentation says, on its own session services. An answer to ADK is one more ``run_async`` on the
same runner; an answer to Ringback is one more response with the same JSON-RPC id on the tab's WebSocket.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import warnings
from pathlib import Path

from tests.bench import our_trials, peer_crash, peer_trials
from tests.bench.answers import SPREAD, Writers, schedules
from tests.bench.table import show
from tests.journeys.server_process import fresh_server

ANSWERED = 20
CRASHED = 10
MET = 20

WHEN = {"at once": False, f"within {SPREAD * 1000:.0f} ms": True}


async def answered(home: Path) -> list[list[str]]:
    """Row 2: 2 to 8 answers to one question."""
    rows = []
    async with fresh_server(home / "server") as server:
        for when, is_spread in WHEN.items():
            plan = schedules(ANSWERED, is_spread=is_spread)
            ours = await our_trials.double_runs(server, home / f"ours {when}", plan)
            theirs = {
                storage: await peer_trials.double_runs(storage, home / f"{storage} {when}", plan)
                for storage in peer_trials.SERVICES
            }
            peer = ", ".join(f"{twice} of {ANSWERED} ran again ({storage})" for storage, twice in theirs.items())
            rows.append([f"2: one approval, one run; 2 to 8 answers {when}", f"{ours} of {ANSWERED} ran again", peer])
    return rows


def told(seen: Writers) -> str:
    kinds = f" ({', '.join(sorted(set(seen.errors)))})" if seen.errors else ""
    return f"{seen.raised} of {seen.trials} failed{kinds}, {seen.lost} of {seen.trials * 2} messages lost"


async def met(home: Path) -> list[list[str]]:
    """Row 10: two messages on one session."""
    rows = []
    async with fresh_server(home / "server") as server:
        for when, is_spread in WHEN.items():
            plan = schedules(MET, is_spread=is_spread, fixed=2)
            ours = await our_trials.meet(server, plan)
            theirs = await peer_trials.meet("SQLite", home / f"met {when}", plan)
            rows.append([f"10: two messages on one session {when}, SQLite", told(ours), told(theirs)])
    return rows


def main() -> None:
    warnings.filterwarnings("ignore", message=r"\[EXPERIMENTAL\]", category=UserWarning)
    # ADK logs a traceback for every writer that loses; the table counts them.
    logging.getLogger("google_adk").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        ours = asyncio.run(our_trials.second_runs(home / "ours", CRASHED))
        crashed = peer_crash.second_runs(home / "crash", CRASHED)
        rows = [
            *asyncio.run(answered(home)),
            [
                "3: no second run after `kill -9` in the tool and a resume",
                f"{ours} of {CRASHED} ran again",
                f"{crashed} of {CRASHED} ran again",
            ],
            *asyncio.run(met(home)),
        ]
    show("Approvals and messages that meet", ["promise", "ours", "ADK"], rows)
