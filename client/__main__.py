"""The command ``ringback``: runs a command and turns every way it can end into a sentence and an exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import click

from client.cli import ringback
from client.log_file import log_to
from client.settings import program_folders
from shared.errors import RingbackError
from shared.plain_stream import plain

logger = logging.getLogger(__name__)

INTERRUPTED = 130
"""What a shell reports for a program that Ctrl+C ended."""


def main() -> None:
    """Run the command line of this process and exit."""
    sys.stdout, sys.stderr = plain(sys.stdout), plain(sys.stderr)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code is 0 if all went well, 1 if something failed, 2 if it made no sense."""
    umask = os.umask(0o077)  # every file that is made here is the person's own
    log_file = log_to(program_folders().state)
    try:
        ended = ringback.main(args=list(arguments), prog_name="ringback", standalone_mode=False, obj=umask)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        return _complain(f"{error.format_message()} See ringback --help.", error.exit_code)
    except RingbackError as error:
        return _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        logger.exception("a bug ended the program")
        return _complain(f"Ringback ended because of a bug of its own. What happened is in {log_file}.", 1)
    return ended if isinstance(ended, int) else 0


def _complain(sentence: str, exit_code: int) -> int:
    click.echo(f"ringback: {sentence}", err=True)
    return exit_code


if __name__ == "__main__":
    main()
