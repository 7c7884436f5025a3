"""``ringback token``: becomes the command of the server's that makes, lists and revokes API keys."""

from __future__ import annotations

import os
import sys

import click

from client.settings import child_environment

TOKEN_COMMAND = (sys.executable, "-P", "-m", "server.cli.token")


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    short_help="Make, list and revoke API keys; ringback token --help says how.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def token(options: tuple[str, ...]) -> None:
    """Make, list and revoke API keys."""
    # The keys are the server's; this process becomes one of its own.
    os.execve(TOKEN_COMMAND[0], [*TOKEN_COMMAND, *options], child_environment())  # noqa: S606
