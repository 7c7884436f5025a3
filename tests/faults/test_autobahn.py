"""Autobahn's suite of WebSocket conversations, against the real listener with all its options.

The suite is a program of its own for Python 2.7 (``pip install autobahntestsuite`` there). The test runs the command
that ``WSTEST`` names, or ``wstest``, and is skipped where there is none.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from server.gateway.listener import MAX_FRAME
from tests.journeys.server_process import ROOT

WSTEST = os.environ.get("WSTEST") or shutil.which("wstest")
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}
TOO_LONG = re.compile(r"9\.[1-4]\..*|9\.[78]\..*")
"""Cases that send more than a mebibyte in one message: our limit ends the connection, as it is to."""
CLOSED_IN_BETWEEN = {"7.1.5"}
"""A close frame amid a message's fragments: websockets calls that a protocol error (1002), the suite wants 1000."""
COMPRESSED = re.compile(r"1[23]\..*")
"""Cases of compression, which is off."""
ALL = 500


@pytest.mark.stress
@pytest.mark.timeout(1800)
@pytest.mark.skipif(WSTEST is None, reason="Autobahn's suite is not there: no command wstest, and WSTEST names none")
async def test_only_what_our_limits_forbid_fails(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.echoing_server", stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        spec = {
            "outdir": str(tmp_path / "reports"),
            "servers": [{"agent": "ringback", "url": url.removesuffix("/acp") + "/acp"}],
            "cases": ["*"],
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        (tmp_path / "spec.json").write_text(json.dumps(spec))
        suite = await asyncio.create_subprocess_exec(
            str(WSTEST), "-m", "fuzzingclient", "-s", str(tmp_path / "spec.json"),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await suite.wait() == 0
    finally:
        process.kill()
        await process.wait()
    results = json.loads((tmp_path / "reports" / "index.json").read_text())["ringback"]
    outcomes = Counter(result["behavior"] for result in results.values())
    bad = {name for name, result in results.items() if not {result["behavior"], result["behaviorClose"]} <= GOOD}
    explained = {name for name in bad if TOO_LONG.fullmatch(name) or name in CLOSED_IN_BETWEEN}
    print(
        f"{len(results)} cases: {dict(outcomes)}; explained (more than {MAX_FRAME} bytes, or {CLOSED_IN_BETWEEN}): "
        f"{len(explained)}; failed: {sorted(bad - explained)}"
    )
    assert len(results) >= ALL
    assert bad - explained == set()
    assert all(result["behavior"] == "UNIMPLEMENTED" for name, result in results.items() if COMPRESSED.fullmatch(name))
