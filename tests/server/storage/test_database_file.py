"""What is found out about a database file before anything else is loaded; nothing in it is changed by looking."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from server.storage.database_file import VERSION_TABLE, DatabaseState, inspect_file
from server.storage.engine import make_engine, sqlite_url
from server.storage.migrations import HEAD, REVISIONS
from server.storage.schema import upgrade
from shared.errors import DatabaseDamagedError, DatabaseTooNewError, DataFolderError, StartError


def written_by(file: Path, revision: str | None) -> Path:
    connection = sqlite3.connect(file)
    connection.execute(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")
    if revision is not None:
        connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?)", (revision,))
    connection.commit()
    connection.close()
    return file


def test_an_absent_file_is_made_empty_and_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert inspect_file(tmp_path / "ringback.db") is DatabaseState.EMPTY
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "ringback.db").stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "ringback.db"
    file.touch(mode=0o644)
    inspect_file(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("revision", "state"), [(HEAD, DatabaseState.CURRENT), (None, DatabaseState.EMPTY)], ids=["head", "unstamped"]
)
def test_the_stored_revision_says_what_is_to_be_done(
    tmp_path: Path, revision: str | None, state: DatabaseState
) -> None:
    assert inspect_file(written_by(tmp_path / "ringback.db", revision)) is state


def test_an_older_revision_is_to_be_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.storage.database_file.REVISIONS", ("0000", *REVISIONS))
    assert inspect_file(written_by(tmp_path / "ringback.db", "0000")) is DatabaseState.OLDER


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    file = written_by(tmp_path / "ringback.db", "9999")
    before = file.read_bytes()
    with pytest.raises(DatabaseTooNewError, match="newer Ringback"):
        inspect_file(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("damage", ["text", "noise", "cut", "overwritten"])
def test_a_damaged_database_is_named_and_left_alone(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "ringback.db"
    match damage:
        case "text":
            file.write_text("This is no database. " * 100)
        case "noise":
            file.write_bytes(bytes(range(1, 256)) * 40)
        case "cut":
            written_by(file, HEAD)
            file.write_bytes(file.read_bytes()[:600])
        case _:
            written_by(file, HEAD)
            file.write_bytes(file.read_bytes()[:100] + b"\xff" * 9000)
    before = file.read_bytes()
    with pytest.raises(DatabaseDamagedError, match=r"ringback\.db.*Nothing was changed.*Move it away"):
        inspect_file(file)
    assert file.read_bytes() == before


def test_another_programs_database_is_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "ringback.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.close()
    with pytest.raises(DatabaseDamagedError, match="another program's"):
        inspect_file(file)


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "ringback.db"
    if kind == "link":
        file.symlink_to(tmp_path / "elsewhere")
    else:
        file.mkdir()
    with pytest.raises(DataFolderError):
        inspect_file(file)
    assert not (tmp_path / "elsewhere").exists()


def test_a_database_that_another_program_holds_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.storage.database_file.BUSY_TIMEOUT", 0.05)
    file = written_by(tmp_path / "ringback.db", HEAD)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StartError, match="locked"):
        inspect_file(file)
    holder.close()


async def test_an_empty_database_is_stamped_as_ours_and_found_current(tmp_path: Path) -> None:
    file = tmp_path / "100% of ?odd#names" / "ringback.db"
    file.parent.mkdir()
    assert inspect_file(file) is DatabaseState.EMPTY
    engine = make_engine(sqlite_url(file))
    await upgrade(engine)
    await upgrade(engine)
    await engine.dispose()
    assert inspect_file(file) is DatabaseState.CURRENT


def test_every_revision_on_file_is_in_the_list() -> None:
    folder = Path(__file__).parents[3] / "server" / "storage" / "migrations" / "versions"
    assert tuple(sorted(path.name[1:5] for path in folder.glob("r*.py"))) == REVISIONS
