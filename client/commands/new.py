"""``/new``: a new tab, also as another device."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, argument: str) -> None:
    await target.open_tab(argument.strip() or None)


COMMAND = SlashCommand("new", "Open a new tab, also as another device", _run, hint="[device]")
