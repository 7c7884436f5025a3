"""The database for commands: beside a server, and without one."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from server.cli import database as module
from server.cli.database import command_database
from server.process.data_lock import held
from server.storage.database_file import DatabaseState, inspect_file
from server.storage.engine import make_engine, sqlite_url
from server.storage.schema import upgrade
from server.storage.sql_keys import SqlKeys
from shared.errors import DatabaseDamagedError, DatabaseTooNewError, StartError

WAIT = 10.0


async def test_without_a_server_the_database_is_made_for_its_owner_alone_and_the_folder_let_go(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with command_database(data) as engine:
        assert await SqlKeys(engine).find_all() == ()
        with held(data):
            pass
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "ringback.db").stat().st_mode) == 0o600
    assert inspect_file(data / "ringback.db") is DatabaseState.CURRENT


async def test_beside_a_server_a_database_of_this_version_is_opened_at_once(tmp_path: Path) -> None:
    async with command_database(tmp_path):
        pass
    with held(tmp_path):
        async with command_database(tmp_path, patience=0) as engine:
            assert await SqlKeys(engine).find_all() == ()


async def test_a_server_that_is_just_starting_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)

    async def use() -> None:
        async with command_database(tmp_path, patience=WAIT) as engine:
            await SqlKeys(engine).find_all()

    def looking(file: Path) -> DatabaseState:
        looked.set()
        return inspect_file(file)

    monkeypatch.setattr(module, "inspect_file", looking)
    with held(tmp_path):
        using = asyncio.create_task(use())
        await asyncio.wait_for(looked.wait(), WAIT)
        assert not using.done()
        engine = make_engine(sqlite_url(tmp_path / "ringback.db"))
        await upgrade(engine)
        await engine.dispose()
        await asyncio.wait_for(using, WAIT)


async def test_a_server_that_keeps_an_older_database_is_named(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StartError, match=r"process \d+.*older version.*Stop it"):
        async with command_database(tmp_path, patience=0):
            pytest.fail("opened")
    assert inspect_file(tmp_path / "ringback.db") is DatabaseState.EMPTY


async def test_a_database_that_is_none_or_too_new_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ringback.db"
    file.write_text("no database at all " * 50)
    with pytest.raises(DatabaseDamagedError):
        async with command_database(tmp_path):
            pytest.fail("opened")
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE ringback_version (version_num VARCHAR(32))")
    connection.execute("INSERT INTO ringback_version VALUES ('9999')")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseTooNewError):
        async with command_database(tmp_path):
            pytest.fail("opened")
