"""The device's journal keeps what ran through crashes, other programs, full disks and damage."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from client.tools.journal import KEPT_SECONDS, MAX_RESULT, Entry, Journal, JournalError, JournalId, JournalReplacedError
from shared.ids import ClaimId

ONE, TWO, ANY = ClaimId("one"), ClaimId("two"), JournalId("any")
DIES = """
import os, signal, sys
from pathlib import Path
from client.tools.journal import Journal
journal = Journal(Path(sys.argv[1]))
assert journal.begin("one", "play", journal.read_id()) is None
journal.finish("one", {"success": True})
assert journal.begin("two", "play", journal.read_id()) is None
os.kill(os.getpid(), signal.SIGKILL)
"""


def begin(journal: Journal, claim: ClaimId, tool: str) -> Entry | None:
    return journal.begin(claim, tool, journal.read_id())


def test_a_claim_is_new_once_and_then_known_by_what_it_gave(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "runs.db")
    assert begin(journal, ONE, "play") is None
    assert begin(journal, ONE, "play") == Entry("play", None)
    journal.finish(ONE, {"success": True, "half": "\ud800", "n": 1.5})
    assert begin(journal, ONE, "stop") == Entry("play", {"success": True, "half": "\ud800", "n": 1.5})
    assert begin(journal, TWO, "play") is None
    journal.close()
    assert begin(journal, TWO, "play") == Entry("play", None)
    journal.close()


def test_a_killed_program_loses_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    done = subprocess.run([sys.executable, "-c", DIES, str(path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    journal = Journal(path)
    assert begin(journal, ONE, "play") == Entry("play", {"success": True})
    assert begin(journal, TWO, "play") == Entry("play", None)
    journal.close()


def test_two_programs_share_it(tmp_path: Path) -> None:
    one, two = Journal(tmp_path / "runs.db"), Journal(tmp_path / "runs.db")
    assert begin(one, ONE, "play") is None
    assert begin(two, ONE, "play") == Entry("play", None)
    two.finish(ONE, {"success": True})
    assert begin(one, ONE, "play") == Entry("play", {"success": True})
    one.close()
    two.close()


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_damaged_one_is_kept_aside_and_told_and_the_next_call_works(size: int, tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.write_bytes(b"no database" * size)
    journal = Journal(path)
    with pytest.raises(JournalError, match=r"was damaged: the tool was not run\. It is kept as .*runs\.db\.damaged"):
        journal.begin(ONE, "play", ANY)
    assert (tmp_path / "runs.db.damaged").read_bytes() == b"no database" * size
    assert begin(journal, ONE, "play") is None
    journal.close()


def test_where_nothing_can_be_written_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="nothing was run"):
        Journal(tmp_path / "file" / "runs.db").begin(ONE, "play", ANY)
    (tmp_path / "runs.db").mkdir()
    with pytest.raises(JournalError, match="unable to open database file"):
        Journal(tmp_path / "runs.db").begin(ONE, "play", ANY)


def test_a_full_disk_is_told_and_nothing_is_noted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs.db")
    assert begin(journal, ONE, "play") is None
    assert journal._opened is not None
    journal._opened.execute("PRAGMA max_page_count = 2")
    noted = (begin(journal, ClaimId(f"{number}" * 50), "play") for number in range(1_000))
    with pytest.raises(JournalError, match="database or disk is full"):
        list(noted)
    assert begin(journal, ONE, "play") == Entry("play", None)
    journal.close()


def test_one_that_another_program_holds_is_told_and_not_taken_for_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.tools.journal.PATIENCE", 0.05)
    journal = Journal(tmp_path / "runs.db")
    assert begin(journal, ONE, "play") is None
    journal.close()
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="database is locked"):
        journal.begin(TWO, "play", ANY)
    other.execute("ROLLBACK")
    other.close()
    assert begin(journal, TWO, "play") is None
    journal.close()


def test_old_entries_are_forgotten_and_young_ones_kept(tmp_path: Path) -> None:
    now = 1_000_000_000.0
    journal = Journal(tmp_path / "runs.db", now=lambda: now)
    begin(journal, ONE, "play")
    now += KEPT_SECONDS - 1
    begin(journal, TWO, "play")
    journal.close()
    now += 2
    assert begin(journal, ONE, "play") is None
    assert begin(journal, TWO, "play") == Entry("play", None)
    journal.close()


def test_a_result_too_long_to_keep_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs.db")
    begin(journal, ONE, "read")
    journal.finish(ONE, {"content": "x" * MAX_RESULT})
    assert begin(journal, ONE, "read") == Entry("read", None)
    journal.close()


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    code = "import os, sys; os.umask(0); import client.__main__; os.umask(0o077)\n" + DIES
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "runs.db")], check=False, timeout=60)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_its_id_is_its_own_and_stays(tmp_path: Path) -> None:
    one, other = Journal(tmp_path / "one" / "runs.db"), Journal(tmp_path / "other" / "runs.db")
    made = one.read_id()
    assert begin(one, ONE, "play") is None
    one.close()
    assert one.read_id() == made
    assert other.read_id() != made
    one.close()
    other.close()


def test_one_that_was_made_without_an_id_gets_one_and_keeps_what_it_knows(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs.db")
    assert begin(journal, ONE, "play") is None
    journal.close()
    before = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    before.execute("DROP TABLE journal")
    before.close()
    assert begin(journal, ONE, "play") == Entry("play", None)
    made = journal.read_id()
    journal.close()
    assert journal.read_id() == made
    journal.close()


def test_programs_that_make_it_at_the_same_moment_read_one_id(tmp_path: Path) -> None:
    for attempt in range(20):
        journals = [Journal(tmp_path / f"{attempt}" / "runs.db") for _ in range(8)]
        at_once = threading.Barrier(len(journals))

        def read(journal: Journal, at_once: threading.Barrier = at_once) -> JournalId:
            at_once.wait(timeout=20)
            return journal.read_id()

        with ThreadPoolExecutor(len(journals)) as programs:
            ids = list(programs.map(read, journals))
        for journal in journals:
            journal.close()
        assert len(set(ids)) == 1


def test_it_waits_for_another_program_that_is_making_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("client.tools.journal.time.sleep", lambda _: other.rollback())
    journal = Journal(tmp_path / "runs.db")
    assert begin(journal, ONE, "play") is None
    journal.close()
    other.close()


def test_what_comes_in_the_place_of_a_damaged_or_deleted_one_has_another_id(tmp_path: Path) -> None:
    path = tmp_path / "home" / "runs.db"
    journal = Journal(path)
    ids = [journal.read_id()]
    journal.close()
    path.write_bytes(b"no database" * 1_000)
    ids.append(journal.read_id())
    assert path.with_name("runs.db.damaged").exists()
    journal.close()
    shutil.rmtree(path.parent)
    ids.append(journal.read_id())
    journal.close()
    assert len(set(ids)) == 3


def test_what_was_claimed_for_another_journal_does_not_run(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs.db")
    with pytest.raises(JournalReplacedError, match="not run now, and nobody knows whether it ran before"):
        journal.begin(ONE, "play", ANY)
    assert begin(journal, ONE, "play") is None
    journal.close()
