"""``ringback token``: makes, lists and revokes API keys, beside a running server or without one."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from server.cli.database import command_database
from server.cli.output import NotShownError, check_stdout, show, tell
from server.core.api_key import (
    ID_BYTES,
    PREFIX,
    SECRET_BYTES,
    ApiKey,
    KeyId,
    KeyRefusedError,
    UnknownKeyError,
    checked_label,
    key_id,
    key_text,
    read_key,
)
from server.core.identity import DEFAULT_TENANT, NameRefusedError, Scope, identity_named
from server.core.key_listing import as_json, as_table
from server.process.log_files import log_to
from server.process.private_files import OWNER_ONLY
from server.process.settings import ServerSettings, read_settings
from server.storage.sql_keys import SqlKeys
from shared.errors import RingbackError, StartError, StorageError, UsageError
from shared.ids import TenantId, UserId
from shared.plain_stream import plain

logger = logging.getLogger("server")

DEFAULT_DAYS = 90
MAX_DAYS = 36_500

Result = TypeVar("Result")

data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path), metavar="D", help="The data folder of the server."
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Make, list and revoke API keys. A server that runs knows of every change at once.",
)
def command() -> None:
    """Hold the three commands."""


@command.command(
    help="Make a key and print it: alone on stdout, this once and never again.", short_help="Make a key and print it."
)
@click.option("--user", required=True, metavar="U", help="Whose key it is.")
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, metavar="T", help="Whose user that is.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]), default=[Scope.CHAT.value],
    show_default=True, help="What it may be used for; may be said several times.",
)  # fmt: skip
@click.option("--label", default="", metavar="L", help="A note for the list.")
@click.option(
    "--days", type=click.IntRange(0, MAX_DAYS), default=DEFAULT_DAYS, show_default=True, metavar="N",
    help="How long it opens; 0 is without an end.",
)  # fmt: skip
@data_dir_option
def create(*, user: str, tenant: str, scopes: tuple[str, ...], label: str, days: int, data_dir: Path | None) -> None:
    """Make a key."""
    settings = read_settings({"data_dir": data_dir})
    text = key_text(key_id(secrets.token_bytes(ID_BYTES)), secrets.token_bytes(SECRET_BYTES))
    shown, now = read_key(text), datetime.now(UTC)
    try:
        key = ApiKey(
            id=shown.id,
            identity=identity_named(tenant, user),
            secret_hash=shown.secret_hash,
            scopes=frozenset(Scope(scope) for scope in scopes),
            label=checked_label(label),
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
    except NameRefusedError as error:
        raise UsageError(str(error)) from error
    if settings.tenants and key.identity.tenant not in settings.tenants:
        raise UsageError(f"There is no such tenant. There are: {', '.join(sorted(settings.tenants))}.")

    try:
        check_stdout()
    except NotShownError as error:
        raise StartError(f"There is nowhere to show a key ({error}), so none was made.") from error
    _with_keys(settings, lambda keys: _make(keys, key, text))
    end = "without an end" if key.expires_at is None else f"until {key.expires_at:%Y-%m-%d %H:%M} UTC"
    tell(
        f"This is key {key.id} of {key.identity.user_id} (tenant {key.identity.tenant}), for "
        f"{' and '.join(sorted(key.scopes))}, {end}. It is shown this once. Send it in the header X-API-Key."
    )


async def _make(keys: SqlKeys, key: ApiKey, text: str) -> None:
    try:
        await keys.create(key)
        show(text)
    except NotShownError as error:
        await _take_back(keys, key)
        raise StartError(f"The key could not be shown ({error}), so it was revoked.") from error
    except asyncio.CancelledError:
        # Stopped, maybe after the key was kept, and before it was shown.
        await _take_back(keys, key)
        raise


async def _take_back(keys: SqlKeys, key: ApiKey) -> None:
    try:
        await keys.revoke(key.id, key.created_at)
    except UnknownKeyError:
        logger.debug("the key was not made yet")
    except StorageError as error:
        raise StartError(
            f"The key {key.id} could not be shown, and revoking it failed as well. Revoke it once the database works "
            f"again: ringback token revoke {key.id}"
        ) from error


@command.command("list", help="List the keys, oldest first. The keys themselves are kept nowhere.")
@click.option("--user", metavar="U", help="Only this user's.")
@click.option("--tenant", metavar="T", help="Only this tenant's.")
@click.option("--json", "is_json", is_flag=True, help="As JSON.")
@data_dir_option
def list_keys(user: str | None, tenant: str | None, *, is_json: bool, data_dir: Path | None) -> None:
    """List the keys."""
    settings = read_settings({"data_dir": data_dir})
    try:
        wanted = identity_named(DEFAULT_TENANT if tenant is None else tenant, "anybody" if user is None else user)
    except NameRefusedError as error:
        raise UsageError(str(error)) from error
    of_tenant: TenantId | None = None if tenant is None else wanted.tenant
    of_user: UserId | None = None if user is None else wanted.user_id
    keys = _with_keys(settings, lambda keys: keys.find_all(tenant=of_tenant, user_id=of_user))
    now = datetime.now(UTC)
    listed = json.dumps(as_json(keys, now), indent=2, ensure_ascii=False) if is_json else as_table(keys, now)
    try:
        show(listed)
    except NotShownError as error:
        raise StartError(f"The list could not be shown ({error}).") from error


@command.command(help="Revoke the key of this id: from now on it opens no connection.")
@click.argument("id")
@data_dir_option
def revoke(id: str, data_dir: Path | None) -> None:  # noqa: A002  (the argument's name in the help)
    """Revoke a key."""
    settings = read_settings({"data_dir": data_dir})
    try:
        # Whoever has a key that leaked has all of it, and need not find out which part is the id.
        name = read_key(id).id if id.startswith(PREFIX) else KeyId(id)
    except KeyRefusedError as error:
        raise UsageError("That is a part of a key. Give its id, or all of it.") from error
    now = datetime.now(UTC)
    revoked = _with_keys(settings, lambda keys: keys.revoke(name, now))
    since = f"{revoked.revoked_at:%Y-%m-%d %H:%M} UTC"
    tell(f"Key {revoked.id} of {revoked.identity.user_id} is revoked since {since}.")


def _with_keys(settings: ServerSettings, work: Callable[[SqlKeys], Awaitable[Result]]) -> Result:
    async def opened() -> Result:
        async with command_database(settings.data_dir) as engine:
            return await work(SqlKeys(engine))

    return asyncio.run(opened())


def main() -> NoReturn:
    """Run the command line and exit: 0 fine, 1 failed, 2 wrong usage."""
    os.umask(OWNER_ONLY)
    sys.stdout, sys.stderr = plain(sys.stdout), plain(sys.stderr)
    try:
        command.main(prog_name="ringback token", standalone_mode=False)
    except RingbackError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        _fail(error.format_message(), UsageError.exit_code)
    except click.Abort:
        _fail("Stopped.", RingbackError.exit_code)
    except Exception:
        log_file = read_settings({}).log_file.with_name("token.log")
        log_to(log_file, to_stderr=False)
        logger.exception("a bug ended ringback token")
        _fail(f"This command ended because of a bug in it. The log says more: {log_file}", RingbackError.exit_code)
    sys.exit(0)


def _fail(sentence: str, exit_code: int) -> NoReturn:
    tell(sentence)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
