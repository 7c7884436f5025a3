"""``ringback serve``: becomes the server, which has its own options and settings."""

from __future__ import annotations

import os

import click

from client.server_process import SERVER_COMMAND
from client.settings import child_environment


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    short_help="Run a server of its own until it is stopped; ringback serve --help lists its options.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve(options: tuple[str, ...]) -> None:
    """Run a server of its own until it is stopped."""
    # One process, not two: signals and the exit code are the server's.
    os.execve(SERVER_COMMAND[0], [*SERVER_COMMAND, *options], child_environment())  # noqa: S606
