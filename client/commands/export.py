"""``/export``: write the conversation into a file."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, argument: str) -> None:
    target.export(argument.strip())


COMMAND = SlashCommand("export", "Write this conversation into a file", _run, hint="[name[.json]]")
