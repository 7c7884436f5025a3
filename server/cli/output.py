"""What a command prints: shown for certain on stdout, or else an error; and sentences on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

import click

from shared.errors import RingbackError


class NotShownError(RingbackError):
    """Stdout took nothing; ``str(error)`` says why, in a few words without an end."""


def check_stdout() -> None:
    """See that there is a stdout at all.

    Raises:
        NotShownError: if it was closed before the command began.
    """
    # Python has none then, and whatever is printed is lost without an error.
    if sys.stdout is None:
        raise NotShownError("stdout is closed")


def show(text: str) -> None:
    """Print ``text`` on stdout, in full.

    Raises:
        NotShownError: if it could not be written; what stuck on the way is thrown away.
    """
    check_stdout()
    try:
        click.echo(text)
    except OSError as error:
        _turn_away(sys.stdout)
        raise NotShownError(error.strerror or str(error)) from error


def tell(sentence: str) -> None:
    """Print a sentence on stderr, if somebody can read it there."""
    try:
        click.echo(sentence, err=True)
    except OSError:
        _turn_away(sys.stderr)


def _turn_away(stream: TextIO) -> None:
    # What stays in the stream's buffer is tried again when Python ends, and fails with words and a code of its own.
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
