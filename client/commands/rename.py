"""``/rename``: call the tab something else."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, argument: str) -> None:
    target.rename(argument.strip() or None)


COMMAND = SlashCommand("rename", "Give this tab a title, or take it away", _run, hint="[title]")
