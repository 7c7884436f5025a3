"""``ringback`` without a command: the screen."""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path

import click

from client import early_keys
from client.settings import read_settings
from shared.errors import StartError

SCREEN_MODULE = "client.cli.screen"
"""Loaded only when there is a screen to show: Textual takes longer to import than all the rest here."""

SETTINGS = """\b
Settings come from the command line, then RINGBACK_<NAME> in the environment,
then config.toml in the config folder, then the defaults.
[client]  device, location, music_folder, allowed_folders, theme,
          on_quit (ask, go_on or stop), connect
[server]  data_dir, model, and what ringback serve --help lists
RINGBACK_HOME puts all files under one folder; RINGBACK_TOKEN is the token,
or an API key of ringback token create, for --connect."""


@click.group(invoke_without_command=True, epilog=SETTINGS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--device", metavar="NAME", help="The device the first tab is: PC, iPhone, Android or any other name.")
@click.option("--model", metavar="NAME", help="The model that answers, if this starts the server.")
@click.option("--data-dir", metavar="FOLDER", type=click.Path(path_type=Path), help="Where conversations are kept.")
@click.option("--connect", metavar="URL", help="A server that runs already: ws://, wss:// or ws+unix://PATH:/acp.")
@click.option("--new", "is_new", is_flag=True, help="Start without the tabs of last time; they are kept beside.")
@click.version_option(package_name="ringback", prog_name="ringback", message="%(prog)s %(version)s")
@click.pass_context
def ringback(
    context: click.Context,
    device: str | None,
    model: str | None,
    data_dir: Path | None,
    connect: str | None,
    *,
    is_new: bool,
) -> None:
    """Chat with an agent in terminal tabs; an approval rings back only in the tab that asked."""
    given = {"device": device, "model": model, "data_dir": data_dir, "connect": connect}
    if context.invoked_subcommand is not None:
        used = next((name for name, value in given.items() if value is not None), None)
        used = used or ("new" if is_new else None)
        if used is not None:
            command = context.invoked_subcommand
            if is_new:
                raise click.UsageError(f"--new is for the screen, not for {command}.")
            raise click.UsageError(f"Write --{used.replace('_', '-')} after {command}, not before it.")
        return
    settings = read_settings(given)
    # Textual reads from stdin and paints on stderr.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise StartError("The screen needs a terminal: neither input nor any output can be a file or a pipe.")
    with early_keys.kept():
        # Nothing to collect while loading; the app turns collection on again once it is painted.
        gc.disable()
        code = importlib.import_module(SCREEN_MODULE).show(settings, is_new=is_new, umask=context.obj)
    context.exit(code)
