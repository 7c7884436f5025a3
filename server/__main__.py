"""The server's command line: options in, a running server or a sentence and an exit code out."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import click

from server.bootstrap import Ready, serve
from server.process.data_lock import HeldError
from server.process.descriptors import allow_many
from server.process.log_files import log_to
from server.process.private_files import OWNER_ONLY
from server.process.settings import ServerSettings, read_settings
from shared.errors import RingbackError, UsageError
from shared.plain_stream import plain

logger = logging.getLogger("server")


@click.command(
    name="serve",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Answer tabs until stopped. When ready, one JSON line on stdout says where.",
)
@click.option("--socket", type=click.Path(path_type=Path), metavar="PATH", help="Unix socket to listen on.")
@click.option("--host", metavar="H", help="Address to listen on instead.")
@click.option("--port", type=int, metavar="P", help="TCP port; 0 is any free one.")
@click.option("--tls-certificate", type=click.Path(path_type=Path), metavar="FILE", help="Certificate, in PEM.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="The certificate's key, in PEM.")
@click.option("--insecure", is_flag=True, default=None, help="Do not encrypt what other machines send.")
@click.option("--data-dir", type=click.Path(path_type=Path), metavar="D", help="Where conversations are kept.")
@click.option("--model", metavar="NAME", help="Which model answers.")
@click.option("--policy", type=click.Path(path_type=Path), metavar="FILE", help="Rules for tools: allow, ask, deny.")
@click.option("--redis", metavar="URL", help="Shared state in Redis; set RINGBACK_REDIS if the URL has a password.")
@click.option("--embedded", is_flag=True, default=None, help="Leave when no client needs the server any more.")
@click.option("--log-file", type=click.Path(path_type=Path), metavar="FILE", help="Where the log goes.")
@click.option("--verbose", is_flag=True, default=None, help="Log everything.")
@click.option("--grace", type=float, hidden=True)
@click.option("--patience", type=float, hidden=True)
@click.version_option(version("ringback"), prog_name="ringback server")
def command(**given: Any) -> None:  # noqa: ANN401  (click's values)
    """Run a server with the given options."""
    settings = read_settings(given)
    log_to(settings.log_file, to_stderr=not settings.embedded, is_verbose=settings.verbose)
    try:
        serve(settings, lambda ready: _announce(ready, settings))
    except RingbackError:
        raise
    except Exception as error:
        logger.exception("a bug stopped the server")
        raise RingbackError(
            f"The server stopped because of a bug in it. The log says more: {settings.log_file}"
        ) from error


def main() -> NoReturn:
    """Run the command line and exit: 0 fine (or another server is there), 1 failed, 2 wrong usage."""
    os.umask(OWNER_ONLY)
    allow_many()
    sys.stdout, sys.stderr = plain(sys.stdout), plain(sys.stderr)
    is_embedded = "--embedded" in sys.argv
    try:
        command.main(prog_name="ringback serve", standalone_mode=False)
    except HeldError as error:
        if is_embedded:
            _say(event="held", pid=error.pid)
            sys.exit(0)
        _fail(str(error), error.exit_code, is_embedded=is_embedded)
    except RingbackError as error:
        _fail(str(error), error.exit_code, is_embedded=is_embedded)
    except click.ClickException as error:
        _fail(error.format_message(), UsageError.exit_code, is_embedded=is_embedded)
    except click.Abort:
        _fail("Stopped.", RingbackError.exit_code, is_embedded=is_embedded)
    logging.shutdown()
    # At once: Python would wait for the threads of tools that do not end.
    os._exit(0)


def _announce(ready: Ready, settings: ServerSettings) -> None:
    _say(event="ready", url=ready.url, token_file=str(ready.token_file), pid=ready.pid)
    if settings.embedded:
        # Nobody reads on, and the reader is to see the end of the line's stream.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _fail(sentence: str, exit_code: int, *, is_embedded: bool) -> NoReturn:
    if is_embedded:
        _say(event="failed", message=sentence, exit_code=exit_code)
    click.echo(sentence, err=True)
    sys.exit(exit_code)


def _say(**line: str | int) -> None:
    # The reader may be gone already; that changes nothing for the server.
    with contextlib.suppress(OSError):
        click.echo(json.dumps(line))


if __name__ == "__main__":
    main()
