"""The command line: one file per command, and the list of them."""

from __future__ import annotations

from client.cli.grants import grants
from client.cli.reset import reset
from client.cli.serve import serve
from client.cli.token import token
from client.cli.tui import ringback

ringback.add_command(grants)
ringback.add_command(reset)
ringback.add_command(serve)
ringback.add_command(token)

__all__ = ["ringback"]
