"""``ringback token`` as a shell sees it: a key alone on stdout, sentences on stderr, exit codes."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.cli import token as token_command
from server.cli.database import command_database
from server.cli.output import NotShownError
from server.core.api_key import SECRET_BYTES, ApiKey, key_id, key_text, read_key
from server.core.identity import Scope, identity_named
from server.storage.engine import make_engine, sqlite_url
from server.storage.sql_keys import SqlKeys
from shared.errors import StorageError
from tests.journeys.server_process import environment

KEY = re.compile(r"rbk_[a-z2-7]{10}_[A-Za-z0-9_-]{43}\n")


def token(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command as ``ringback`` runs it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "client", "token", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=environment(home, **more),
        umask=0,
        check=False,
    )


def unseen(_: str) -> None:
    raise NotShownError("No space left on device")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The command in this process: exit code, stdout and stderr."""
    monkeypatch.setattr("server.cli.token.os.umask", lambda _mask: 0)
    for name in ("RINGBACK_TENANTS", "RINGBACK_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RINGBACK_HOME", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["token", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            token_command.main()
        out, err = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        assert "Traceback" not in err
        return caught.value.code, out, err

    return run


@pytest.fixture
def logging_put_back() -> Iterator[None]:
    """For the test of what changes where this process logs to."""
    root, ours, theirs = (logging.getLogger(name) for name in ("", "server", "websockets"))
    before = root.handlers[:], root.level, ours.level, theirs.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:] = before[0]
    for logger, level in zip((root, ours, theirs), before[1:], strict=True):
        logger.setLevel(level)
    logging.captureWarnings(capture=False)


def kept(home: Path) -> tuple[ApiKey, ...]:
    async def read() -> tuple[ApiKey, ...]:
        engine = make_engine(sqlite_url(home / "data" / "ringback.db"))
        try:
            return await SqlKeys(engine).find_all()
        finally:
            await engine.dispose()

    return asyncio.run(read())


def test_a_key_is_made_listed_and_revoked_in_processes_of_their_own(tmp_path: Path) -> None:
    made = token(tmp_path, "create", "--user", "ada", "--tenant", "acme", "--label", "phone")
    assert made.returncode == 0
    assert KEY.fullmatch(made.stdout)
    shown = read_key(made.stdout.strip())
    assert f"This is key {shown.id} of ada (tenant acme), for chat, until " in made.stderr
    assert "It is shown this once." in made.stderr
    assert made.stdout.strip() not in made.stderr

    listed = token(tmp_path, "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert re.search(rf"^{shown.id} +ada +acme +chat +\S+ +\S+ +open +phone$", listed.stdout, re.MULTILINE)

    revoked = token(tmp_path, "revoke", shown.id)
    assert (revoked.returncode, revoked.stdout) == (0, "")
    assert f"Key {shown.id} of ada is revoked" in revoked.stderr
    (entry,) = json.loads(token(tmp_path, "list", "--json").stdout)
    assert (entry["id"], entry["state"]) == (shown.id, "revoked")

    for file in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert made.stdout.strip()[15:] not in listed.stdout + (tmp_path / "data" / "ringback.db").read_bytes().decode(
        "latin-1"
    )


@pytest.mark.parametrize("arguments", [[], ["create"], ["list"], ["revoke"]])
def test_help_says_how(tmp_path: Path, arguments: list[str]) -> None:
    done = token(tmp_path, *arguments, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: ringback token {' '.join([*arguments, ''])}" in done.stdout
    assert not (tmp_path / "data").exists()


def test_a_key_lasts_90_days_unless_it_is_said_otherwise(run: Any, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert [run("create", "--user", "ada", *days)[0] for days in ([], ["--days", "1"], ["--days", "0"])] == [0, 0, 0]
    ninety, one, endless = (key.expires_at for key in kept(tmp_path))
    assert ninety is not None
    assert one is not None
    assert abs(ninety - now - timedelta(days=90)) < timedelta(minutes=5)
    assert abs(one - now - timedelta(days=1)) < timedelta(minutes=5)
    assert endless is None


def test_what_is_kept_is_what_was_said_and_the_hash_of_what_was_shown(run: Any, tmp_path: Path) -> None:
    arguments = ("--user", " Jose\u0301 ", "--scope", "act-as", "--scope", "metrics", "--label", "é 😀")
    code, out, err = run("create", *arguments)
    assert code == 0
    assert "for act-as and metrics" in err
    (key,) = kept(tmp_path)
    shown = read_key(out.strip())
    assert (key.id, key.secret_hash) == (shown.id, shown.secret_hash)
    assert (key.identity.tenant, key.identity.user_id, key.label) == ("default", "Jos\u00e9", "é 😀")
    assert key.scopes == {"act-as", "metrics"}


def test_every_key_is_another(run: Any) -> None:
    assert len({run("create", "--user", "ada")[1] for _ in range(5)}) == 5


def test_a_key_that_could_not_be_shown_is_revoked(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cli.token.show", unseen)
    code, out, err = run("create", "--user", "ada")
    assert (code, out) == (1, "")
    assert err == "The key could not be shown (No space left on device), so it was revoked.\n"
    (key,) = kept(tmp_path)
    assert key.revoked_at is not None


def test_a_key_that_could_neither_be_shown_nor_revoked_is_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> ApiKey:
        raise StorageError("The database failed.")

    monkeypatch.setattr("server.cli.token.show", unseen)
    monkeypatch.setattr("server.cli.token.SqlKeys.revoke", fail)
    code, _, err = run("create", "--user", "ada")
    assert code == 1
    assert re.search(r"revoking it failed as well\. .*: ringback token revoke [a-z2-7]{10}$", err)


@pytest.mark.parametrize("is_kept", [True, False])
async def test_no_key_stays_open_if_the_command_is_stopped_before_it_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, is_kept: bool
) -> None:
    class Stopped(SqlKeys):
        async def create(self, key: ApiKey) -> None:
            if is_kept:
                await super().create(key)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)

    text = key_text(key_id(b"123456"), bytes(SECRET_BYTES))
    shown, ada = read_key(text), identity_named("acme", "ada")
    key = ApiKey(shown.id, ada, shown.secret_hash, frozenset({Scope.CHAT}), "", datetime.now(UTC))
    async with command_database(tmp_path) as engine:
        making = asyncio.create_task(token_command._make(Stopped(engine), key, text))
        await asyncio.wait({making})
        assert making.cancelled()
        assert [one.revoked_at is not None for one in await SqlKeys(engine).find_all()] == [True] * is_kept
    assert capsys.readouterr().out == ""


def test_the_list_is_of_all_or_of_a_user_or_a_tenant(run: Any) -> None:
    for user, tenant in (("ada", "acme"), ("ada", "beta"), ("bob", "beta")):
        assert run("create", "--user", user, "--tenant", tenant)[0] == 0

    def people(*arguments: str) -> list[tuple[str, str]]:
        _, out, _ = run("list", "--json", *arguments)
        return [(entry["user"], entry["tenant"]) for entry in json.loads(out)]

    assert people() == [("ada", "acme"), ("ada", "beta"), ("bob", "beta")]
    assert people("--user", "ada") == [("ada", "acme"), ("ada", "beta")]
    assert people("--tenant", "beta") == [("ada", "beta"), ("bob", "beta")]
    assert people("--user", "ada", "--tenant", "beta") == [("ada", "beta")]
    assert people("--user", "nobody") == []


def test_a_leaked_key_is_revoked_by_all_of_it_as_well(run: Any, tmp_path: Path) -> None:
    _, out, _ = run("create", "--user", "ada")
    code, _, err = run("revoke", out.strip())
    assert code == 0
    assert out.strip() not in err
    assert kept(tmp_path)[0].revoked_at is not None
    since = kept(tmp_path)[0].revoked_at
    assert run("revoke", out.strip())[0] == 0
    assert kept(tmp_path)[0].revoked_at == since


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create"], "Missing option '--user'"),
        (["create", "--user", ""], "A user's name has 1 to 64"),
        (["create", "--user", "u" * 65], "A user's name has 1 to 64"),
        (["create", "--user", "a\x1b[2Jb"], "A user's name has 1 to 64"),
        (["create", "--user", "ada", "--tenant", " "], "A tenant has 1 to 64"),
        (["create", "--user", "ada", "--label", "a\nb"], "A label has at most 128"),
        (["create", "--user", "ada", "--label", "x" * 129], "A label has at most 128"),
        (["create", "--user", "ada", "--scope", "root"], "'root' is not one of"),
        (["create", "--user", "ada", "--days", "-1"], "-1 is not in the range"),
        (["create", "--user", "ada", "--days", "36501"], "is not in the range"),
        (["create", "--user", "ada", "--days", "soon"], "'soon' is not a valid integer"),
        (["create", "ada"], "Missing option '--user'"),
        (["list", "--user", ""], "A user's name has 1 to 64"),
        (["list", "--tenant", "a\nb"], "A tenant has 1 to 64"),
        (["list", "--yaml"], "No such option"),
        (["revoke"], "Missing argument 'ID'"),
        (["revoke", "rbk_aaaaaaaaaa_short"], "That is a part of a key"),
        (["dance"], "No such command 'dance'"),
    ],
)
def test_what_makes_no_sense_is_a_sentence_and_exit_code_2(run: Any, arguments: list[str], sentence: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "\x1b" not in err


def test_an_unknown_id_is_a_sentence_and_exit_code_1(run: Any) -> None:
    for name in ("nothing", "aaaaaaaaaa", "' OR ''='"):
        code, out, err = run("revoke", name)
        assert (code, out) == (1, "")
        assert f"There is no key {name}." in err


def test_a_tenant_that_there_is_not_gets_no_key(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGBACK_TENANTS", "acme,beta")
    code, out, err = run("create", "--user", "ada")
    assert (code, out) == (2, "")
    assert "There is no such tenant. There are: acme, beta." in err
    assert run("create", "--user", "ada", "--tenant", "acme")[0] == 0


def test_the_data_folder_is_the_one_that_is_named(run: Any, tmp_path: Path) -> None:
    assert run("create", "--user", "ada", "--data-dir", str(tmp_path / "other"))[0] == 0
    assert json.loads(run("list", "--json")[1]) == []
    assert len(json.loads(run("list", "--json", "--data-dir", str(tmp_path / "other"))[1])) == 1


@pytest.mark.parametrize("what", ["file", "damaged", "newer"])
def test_a_folder_or_database_that_cannot_be_used_is_a_sentence_and_exit_code_1(
    run: Any, tmp_path: Path, what: str
) -> None:
    data = tmp_path / "data"
    if what == "file":
        data.write_text("")
    else:
        data.mkdir()
        if what == "damaged":
            (data / "ringback.db").write_text("no database " * 90)
        else:
            connection = sqlite3.connect(data / "ringback.db")
            connection.execute("CREATE TABLE ringback_version (version_num VARCHAR(32))")
            connection.execute("INSERT INTO ringback_version VALUES ('9999')")
            connection.commit()
            connection.close()
    for arguments in (("create", "--user", "ada"), ("list",), ("revoke", "x")):
        code, out, err = run(*arguments)
        assert (code, out) == (1, "")
        assert str(data) in err


def test_a_wrong_setting_is_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGBACK_PORT", "many")
    code, _, err = run("list")
    assert code == 2
    assert "RINGBACK_PORT" in err


@pytest.mark.usefixtures("logging_put_back")
def test_a_bug_leaves_no_traceback_but_in_the_log(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("inner words")

    monkeypatch.setattr("server.cli.token.as_table", fail)
    code, out, err = run("list")
    assert (code, out) == (1, "")
    log = tmp_path / "state" / "token.log"
    assert str(log) in err
    assert "inner words" not in err
    assert "inner words" in log.read_text()
