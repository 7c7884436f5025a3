"""``/join CODE``: go on here with a conversation that is handed over by its code."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, argument: str) -> None:
    await target.join(argument.strip())


COMMAND = SlashCommand("join", "Go on here with a conversation that another machine hands over", _run, hint="CODE")
