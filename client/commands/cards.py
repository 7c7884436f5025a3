"""``/cards``: open or close all tool cards."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.toggle_tool_cards()


COMMAND = SlashCommand("cards", "Open or close all tool cards of this tab", _run)
