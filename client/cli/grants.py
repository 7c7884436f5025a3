"""``ringback grants``: lists what runs without asking, takes it back, and prints what was decided about calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

import click

from client.core import grant_words
from client.core.device_presets import device_named
from client.link.visit import visiting
from client.ports import PersonalData
from client.server_process import ServerFinder
from client.settings import ClientSettings, read_settings
from shared.errors import UsageError
from shared.json_types import JsonObject

MOST_ENTRIES = 1_000
WHICH = "Say which grant with its id, or --all. The ids are in: ringback grants list."

Result = TypeVar("Result")


AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for another program.")


@click.group(invoke_without_command=True, short_help="List, take back, and look up what runs without asking.")
@click.option("--data-dir", metavar="FOLDER", type=click.Path(path_type=Path), help="Where conversations are kept.")
@click.option("--connect", metavar="URL", help="A server that runs already: ws://, wss:// or ws+unix://PATH:/acp.")
@AS_JSON
@click.pass_context
def grants(context: click.Context, data_dir: Path | None, connect: str | None, as_json: bool) -> None:  # noqa: FBT001 (click's)
    """List what runs without asking you; the commands below take it back, and print what was decided."""
    context.obj = read_settings({"data_dir": data_dir, "connect": connect})
    if context.invoked_subcommand is None:
        context.invoke(list_grants, as_json=as_json)


@grants.command("list", short_help="What runs without asking.")
@AS_JSON
@click.pass_obj
def list_grants(settings: ClientSettings, as_json: bool) -> None:  # noqa: FBT001 (click's)
    """List what runs without asking, oldest first, with every argument in full."""
    found = _asked(settings, lambda personal: personal.list_grants())
    if as_json:
        _print_objects(map(grant_words.grant_object, found))
        return
    for grant in found:
        click.echo("\n".join(grant_words.grant_lines(grant)))
    if not found:
        click.echo(grant_words.NONE)


@grants.command(short_help="Take a grant back, or all of them.")
@click.argument("grant_id", metavar="[ID]", required=False)
@click.option("--all", "is_all", is_flag=True, help="All of them.")
@AS_JSON
@click.pass_obj
def revoke(settings: ClientSettings, grant_id: str | None, is_all: bool, as_json: bool) -> None:  # noqa: FBT001 (click's)
    """Take a grant back: the call asks again, at once and everywhere."""
    if (grant_id is None) is not is_all:
        raise UsageError(WHICH)
    count = _asked(
        settings,
        lambda personal: personal.revoke_all_grants() if grant_id is None else personal.revoke_grant(grant_id),
    )
    if as_json:
        _print_objects([{"revoked": count}])
    else:
        click.echo(grant_words.revoked(count))


@grants.command(short_help="What was decided about calls, and where.")
@click.option("--last", type=click.IntRange(1, MOST_ENTRIES), default=50, show_default=True, help="How many entries.")
@AS_JSON
@click.pass_obj
def log(settings: ClientSettings, last: int, as_json: bool) -> None:  # noqa: FBT001 (click's)
    """Print what was decided about calls: when, what, which tool, its arguments' hash, on which device."""
    entries = _asked(settings, lambda personal: personal.grant_log(last))
    if as_json:
        _print_objects(map(grant_words.entry_object, entries))
        return
    for entry in entries:
        click.echo(grant_words.log_line(entry))
    if not entries:
        click.echo(grant_words.NO_LOG)


def _print_objects(objects: Iterable[JsonObject]) -> None:
    for one in objects:
        click.echo(json.dumps(one))


def _asked(settings: ClientSettings, ask: Callable[[PersonalData], Awaitable[Result]]) -> Result:
    async def visit() -> Result:
        endpoint = await ServerFinder(settings).find()
        async with visiting(endpoint, device_named(settings.device)) as personal:
            return await ask(personal)

    return asyncio.run(visit())
