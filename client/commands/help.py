"""``/help``: every key and command."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.show_help()


COMMAND = SlashCommand("help", "Show every key and command", _run)
