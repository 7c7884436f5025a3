"""The command line: one file per command, and the list of them."""

from __future__ import annotations

from client.cli.serve import serve
from client.cli.tui import ringback

ringback.add_command(serve)

__all__ = ["ringback"]
