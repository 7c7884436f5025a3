"""``ringback reset``: forgets a person's conversations and shared state, after asking."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from client.core.device_presets import device_named
from client.core.reset_words import LOSSES, QUESTION
from client.link.visit import visiting
from client.server_process import ServerFinder
from client.settings import ClientSettings, read_settings
from shared.errors import UsageError

NOBODY_TO_ASK = "There is no terminal here to ask on. Write ringback reset --yes if everything is to be forgotten."
KEPT = "Nothing was forgotten."


@click.command(short_help="Forget all your conversations and what the agent remembers, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--data-dir", metavar="FOLDER", type=click.Path(path_type=Path), help="Where conversations are kept.")
@click.option("--connect", metavar="URL", help="A server that runs already: ws://, wss:// or ws+unix://PATH:/acp.")
@click.pass_context
def reset(context: click.Context, yes: bool, data_dir: Path | None, connect: str | None) -> None:  # noqa: FBT001 (click's)
    """Forget all your conversations and what the agent remembers, on the server that the screen would use."""
    settings = read_settings({"data_dir": data_dir, "connect": connect})
    if not yes and not _agrees():
        click.echo(KEPT, err=True)
        context.exit(1)
    click.echo(asyncio.run(_reset(settings)))


def _agrees() -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(NOBODY_TO_ASK)
    click.echo("\n".join((QUESTION, *(f"  - {loss}" for loss in LOSSES))), err=True)
    return click.confirm("Forget it all?", default=False, err=True)


async def _reset(settings: ClientSettings) -> str:
    endpoint = await ServerFinder(settings).find()
    async with visiting(endpoint, device_named(settings.device)) as personal:
        return await personal.reset()
