"""``/grants``: what runs without asking."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.show_grants()


COMMAND = SlashCommand("grants", "Look at what runs without asking, and take it back", _run)
