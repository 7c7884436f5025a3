"""The device's journal keeps what ran through crashes, other programs, full disks and damage."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from client.tools.journal import KEPT_SECONDS, MAX_RESULT, Entry, Journal, JournalError
from shared.ids import ClaimId

ONE, TWO = ClaimId("one"), ClaimId("two")
DIES = """
import os, signal, sys
from pathlib import Path
from client.tools.journal import Journal
journal = Journal(Path(sys.argv[1]))
assert journal.begin("one", "play") is None
journal.finish("one", {"success": True})
assert journal.begin("two", "play") is None
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_claim_is_new_once_and_then_known_by_what_it_gave(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "runs.db")
    assert journal.begin(ONE, "play") is None
    assert journal.begin(ONE, "play") == Entry("play", None)
    journal.finish(ONE, {"success": True, "half": "\ud800", "n": 1.5})
    assert journal.begin(ONE, "stop") == Entry("play", {"success": True, "half": "\ud800", "n": 1.5})
    assert journal.begin(TWO, "play") is None
    journal.close()
    assert journal.begin(TWO, "play") == Entry("play", None)
    journal.close()


def test_a_killed_program_loses_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    done = subprocess.run([sys.executable, "-c", DIES, str(path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    journal = Journal(path)
    assert journal.begin(ONE, "play") == Entry("play", {"success": True})
    assert journal.begin(TWO, "play") == Entry("play", None)
    journal.close()


def test_two_programs_share_it(tmp_path: Path) -> None:
    one, two = Journal(tmp_path / "runs.db"), Journal(tmp_path / "runs.db")
    assert one.begin(ONE, "play") is None
    assert two.begin(ONE, "play") == Entry("play", None)
    two.finish(ONE, {"success": True})
    assert one.begin(ONE, "play") == Entry("play", {"success": True})
    one.close()
    two.close()


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_damaged_one_is_kept_aside_and_told_and_the_next_call_works(size: int, tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.write_bytes(b"no database" * size)
    journal = Journal(path)
    with pytest.raises(JournalError, match=r"was damaged: the tool was not run\. It is kept as .*runs\.db\.damaged"):
        journal.begin(ONE, "play")
    assert (tmp_path / "runs.db.damaged").read_bytes() == b"no database" * size
    assert journal.begin(ONE, "play") is None
    journal.close()


def test_where_nothing_can_be_written_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="nothing was run"):
        Journal(tmp_path / "file" / "runs.db").begin(ONE, "play")
    (tmp_path / "runs.db").mkdir()
    with pytest.raises(JournalError, match="unable to open database file"):
        Journal(tmp_path / "runs.db").begin(ONE, "play")


def test_a_full_disk_is_told_and_nothing_is_noted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs.db")
    assert journal.begin(ONE, "play") is None
    assert journal._opened is not None
    journal._opened.execute("PRAGMA max_page_count = 2")
    noted = (journal.begin(ClaimId(f"{number}" * 50), "play") for number in range(1_000))
    with pytest.raises(JournalError, match="database or disk is full"):
        list(noted)
    assert journal.begin(ONE, "play") == Entry("play", None)
    journal.close()


def test_one_that_another_program_holds_is_told_and_not_taken_for_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.tools.journal.PATIENCE", 0.05)
    journal = Journal(tmp_path / "runs.db")
    assert journal.begin(ONE, "play") is None
    journal.close()
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="database is locked"):
        journal.begin(TWO, "play")
    other.execute("ROLLBACK")
    other.close()
    assert journal.begin(TWO, "play") is None
    journal.close()


def test_old_entries_are_forgotten_and_young_ones_kept(tmp_path: Path) -> None:
    now = 1_000_000_000.0
    journal = Journal(tmp_path / "runs.db", now=lambda: now)
    journal.begin(ONE, "play")
    now += KEPT_SECONDS - 1
    journal.begin(TWO, "play")
    journal.close()
    now += 2
    assert journal.begin(ONE, "play") is None
    assert journal.begin(TWO, "play") == Entry("play", None)
    journal.close()


def test_a_result_too_long_to_keep_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs.db")
    journal.begin(ONE, "read")
    journal.finish(ONE, {"content": "x" * MAX_RESULT})
    assert journal.begin(ONE, "read") == Entry("read", None)
    journal.close()


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    code = "import os, sys; os.umask(0); import client.__main__; os.umask(0o077)\n" + DIES
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "runs.db")], check=False, timeout=60)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
